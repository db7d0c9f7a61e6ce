"""The words in the desk's windows, in every language of the city: `en.toml`, and a gettext catalogue for each other."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from cardsvc.wire.manifest import Language
from kiosk.translations import Catalogues

CATALOGUES: Final = Catalogues.of(__name__)


class Words:
    """The words of one language. ``words["sign-in"]["title"]``; the sets of keys are the same in all."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = CATALOGUES.words_of(language)

    @property
    def called(self) -> str:
        """What the language is called by those who speak it."""
        return str(self._words["language"])

    def __getitem__(self, group: str) -> dict[str, Any]:
        words: dict[str, Any] = self._words[group]
        return words


@cache
def words_in(language: Language) -> Words:
    """The words of a language."""
    return Words(language)
