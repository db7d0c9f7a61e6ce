"""The words: the same in all languages, and a sentence for everything that can go wrong."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import cardsvc
from cardsvc.authentication.errors import ExchangeRefused, LevelWithoutChallenge, ProofRefused, VisitRefused
from cardsvc.callers import errors as callers
from cardsvc.departments.errors import DepartmentNotFound
from cardsvc.departments.questions import KINDS
from cardsvc.errors import ServiceError
from cardsvc.losses.errors import AlreadyReported, NothingToReport
from cardsvc.signing.errors import KeyOriginRefused, PreparedDocumentRefused
from cardsvc.transitions import ChangedMeanwhile
from cardsvc.wire.lifecycle import CardState, Person
from cardsvc.wire.manifest import Language
from kiosk import reasons
from kiosk.forms import FieldError
from kiosk.screen.words import words_in
from kiosk.visit import reason
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Trouble

HERE_FOR_A_KIOSK = (
    ProofRefused,
    VisitRefused,
    ExchangeRefused,
    LevelWithoutChallenge,
    PreparedDocumentRefused,
    KeyOriginRefused,
    NothingToReport,
    AlreadyReported,
    ChangedMeanwhile,
    DepartmentNotFound,
)
"""What the service answers to what a kiosk asks of it, besides refusing the kiosk itself."""
LANGUAGES = list(Language)
WHERE = (
    "Texts are written in kiosk/screen/words/en.toml; run `make words`, then translate what is new in the *.po there"
)


def subclasses(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def codes_of_the_service() -> list[str]:
    for module in pkgutil.walk_packages(cardsvc.__path__, "cardsvc."):
        if module.name.endswith(".errors"):
            importlib.import_module(module.name)
    kinds = {kind for base in HERE_FOR_A_KIOSK for kind in (base, *subclasses(base))}
    return sorted({kind.code for kind in kinds if hasattr(kind, "code")})


def flat(words: Any, path: str = "") -> dict[str, str]:
    if isinstance(words, str):
        return {path: words}
    return {name: text for key, part in words.items() for name, text in flat(part, f"{path}/{key}").items()}


def all_words(language: Language) -> dict[str, str]:
    return flat(words_in(language)._words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places_to_fill(language: Language) -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{[^}]*\}", text))

    english, words = all_words(Language.ENGLISH), all_words(language)
    assert words.keys() == english.keys(), WHERE
    assert {name: places(text) for name, text in words.items()} == {
        name: places(text) for name, text in english.items()
    }
    assert all(text.strip() for text in words.values())


@pytest.mark.parametrize("language", [Language.CHINESE, Language.PORTUGUESE])
def test_no_text_was_left_in_english(language: Language) -> None:
    english, words = all_words(Language.ENGLISH), all_words(language)
    assert [name for name in words if words[name] == english[name]] == [], WHERE


def test_chinese_has_chinese_punctuation() -> None:
    words = all_words(Language.CHINESE)
    assert [name for name, text in words.items() if re.search(r"[\u4e00-\u9fff][,;:?!]", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code",
    [
        *codes_of_the_service(),
        *sorted(set(reasons.CODES.values())),
        *sorted(reason.VISIT_OVER | reason.STEP_UP_REQUIRED | reason.WORTH_ANOTHER_TRY),
        reason.TOO_SLOW,
        reason.OTHER_CARD,
        reason.DEPARTMENT_REFUSED,
        reason.CONFIRMATION_OVER,
        reason.NOT_SIGNED,
        reason.SIGNED_AND_LEFT,
        *sorted(reason.SIGN_AGAIN | reason.SPENT | reason.CARD_GONE),
        callers.ClientRefused.code,
        callers.AccessTokenRefused.code,
        callers.ScopeMissing.code,
    ],
)
def test_everything_that_can_go_wrong_has_a_sentence_of_its_own(language: Language, code: str) -> None:
    words = words_in(language)
    said = words.saying(Reason(code))
    assert said.title
    assert said.advice
    assert said.title != words.saying(Reason(reason.UNEXPECTED)).title, f"[refusals] has no sentence. {WHERE}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.ACTIVE])
def test_every_state_of_a_card_has_a_sentence_of_its_own(language: Language, state: CardState) -> None:
    words = words_in(language)
    general = words.saying(Reason("card-not-active"))
    assert words.saying(Reason("card-not-active", card_state=state.value)) != general


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["never-heard-of-it", "", "../../etc", "card-not-active.revoked.x"])
def test_an_unknown_code_gets_the_general_sentence(language: Language, code: str) -> None:
    words = words_in(language)
    assert words.saying(Reason(code)) == words.saying(Reason(reason.UNEXPECTED))


def test_the_departments_own_sentence_comes_first() -> None:
    message = {Language.ENGLISH: "It is on loan.", Language.PORTUGUESE: "Está emprestado."}
    refused = Reason(reason.DEPARTMENT_REFUSED, message=message)
    assert words_in(Language.PORTUGUESE).saying(refused).advice == "Está emprestado."
    assert words_in(Language.CHINESE).saying(refused).advice == "It is on loan."


@pytest.mark.parametrize("language", LANGUAGES)
def test_attributes_troubles_and_field_errors_have_words(language: Language) -> None:
    words = words_in(language)
    assert set(words["attributes"]) >= set(Person.model_fields)
    assert set(words["troubles"]) == set(Trouble)
    assert set(words["form"]["errors"]) == set(FieldError)
    assert words.attribute("favourite_colour") == "favourite colour"
    assert set(words["questions"]) == set(KINDS)
    assert all("60" in words.question(f"{kind}:60") for kind in KINDS)
    assert words.question("shoe-size:41") == "shoe-size:41"
