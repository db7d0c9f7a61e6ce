"""The words on the screen in every language of the city: `en.toml`, and a gettext catalogue for each other language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cardsvc.wire.manifest import Language, text_in
from kiosk.translations import Catalogues
from kiosk.visit.reason import STEP_UP_REQUIRED, UNEXPECTED, VISIT_OVER, Reason

CATALOGUES: Final = Catalogues.of(__name__)
_SAID_AS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "challenge-unknown",
            "challenge-expired",
            "challenge-foreign",
            "challenge-replayed",
            "level-without-challenge",
            "proof-for-another-level",
            "proof-for-another-audience",
        ),
        "try-again",
    ),
    **dict.fromkeys(VISIT_OVER, "visit-ended"),
    **dict.fromkeys(STEP_UP_REQUIRED, "step-up-required"),
    **dict.fromkeys(
        (
            "department-unknown",
            "department-not-found",
            "attributes-not-covered",
            "questions-not-covered",
            "service-not-signed",
        ),
        "service-not-covered",
    ),
    **dict.fromkeys(
        (
            "client-refused",
            "invalid-token",
            "not-authenticated",
            "insufficient-scope",
            "kiosk-disabled",
            "scope-not-allowed",
        ),
        "out-of-service",
    ),
}
"""Codes that mean the same to a citizen as another one."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What happened and what to do now."""

    title: str
    advice: str


class Words:
    """The words of one language. ``words["attract"]["title"]``; the sets of keys are the same in all."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = CATALOGUES.words_of(language)

    def __getitem__(self, group: str) -> dict[str, Any]:
        words: dict[str, Any] = self._words[group]
        return words

    def texts(self, texts: Mapping[Language, str]) -> str:
        """A department's text in this language, else in English."""
        return text_in(dict(texts), self.language)

    def attribute(self, name: str) -> str:
        """What an attribute is called; one that nobody has named yet is shown as it is."""
        return str(self._words["attributes"].get(name, name.replace("_", " ")))

    def question(self, code: str) -> str:
        """A yes/no question in words; one of a kind that nobody has named yet is shown as it is."""
        kind, _, operand = code.partition(":")
        return str(self._words["questions"].get(kind, code)).format(operand)

    def saying(self, reason: Reason) -> Saying:
        """The sentences for a reason; those for `UNEXPECTED` when it has none of its own."""
        refusals = self._words["refusals"]
        code = _SAID_AS.get(reason.code, reason.code)
        words = refusals.get(f"{code}.{reason.card_state}") or refusals.get(code) or refusals[UNEXPECTED]
        advice = self.texts(reason.message) if reason.message else words["advice"]
        return Saying(words["title"], advice)


@cache
def words_in(language: Language) -> Words:
    """The words of a language."""
    return Words(language)
