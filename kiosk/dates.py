"""Days as people read them, in their language."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, Literal

from babel.core import Locale
from babel.dates import format_date

from cardsvc.wire.manifest import Language

LOCALES: Final = {
    Language.ENGLISH: Locale("en", "GB"),
    Language.CHINESE: Locale("zh", script="Hans"),
    Language.PORTUGUESE: Locale("pt", "PT"),
}
_DAY: Final = re.compile(r"(?<![A-Za-z0-9-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![A-Za-z0-9-])")
"""Chinese characters may be right beside it; a digit or a letter makes it part of some number."""


def day_in(day: str, language: Language) -> str:
    """``2027-01-15`` in words: 15 January 2027, 2027年1月15日, 15 de janeiro de 2027."""
    return _said(day, "long", language)


def with_days_in(text: str, language: Language) -> str:
    """A text in which each ``2027-01-15`` is as people read it; in long texts shorter than `day_in` has it.

    Departments and the city's services write days that way where a text is the same in all languages.
    """
    width: Literal["long", "medium"] = "long" if _DAY.fullmatch(text) else "medium"
    return _DAY.sub(lambda found: _said_if_there_is_such_a_day(found[0], width, language), text)


def _said_if_there_is_such_a_day(written: str, width: Literal["long", "medium"], language: Language) -> str:
    try:
        return _said(written, width, language)
    except ValueError:
        return written


def _said(day: str, width: Literal["long", "medium"], language: Language) -> str:
    return format_date(date.fromisoformat(day), width, locale=LOCALES[language])
