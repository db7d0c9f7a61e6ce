"""Days as people read and choose them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from babel.core import Locale
from babel.dates import format_date, get_month_names

from cardsvc.wire.manifest import Language
from kiosk.forms import FormField

_LOCALES: Final = {
    Language.ENGLISH: Locale("en", "GB"),
    Language.CHINESE: Locale("zh", script="Hans"),
    Language.PORTUGUESE: Locale("pt", "PT"),
}
_MOST_BUTTONS: Final = 24
"""So many years can be chosen among; of more, one is entered by its digits."""
_MONTHS: Final = range(1, 13)
_DAYS: Final = range(1, 32)


def day_in(day: str, language: Language) -> str:
    """``2027-01-15`` in words: 15 January 2027, 2027年1月15日, 15 de janeiro de 2027."""
    return format_date(date.fromisoformat(day), "long", locale=_LOCALES[language])


def day_view(question: FormField, chosen: str | None, today: date, language: Language) -> dict[str, Any]:
    """The parts that a day is put together from.

    ``{"years", "months", "days"}``, each ``[{"value", "title"}]``, and ``"chosen"``, the three values, each "" while
    nothing is. Without years there are too many to choose among.
    """
    years = question.around.years(today)
    names = _month_names(language)
    only = str(years[0]) if len(years) == 1 else ""
    return {
        "years": [_part(f"{year:04}", str(year)) for year in years] if len(years) <= _MOST_BUTTONS else [],
        "months": [_part(f"{month:02}", names[month]) for month in _MONTHS],
        "days": [_part(f"{day:02}", str(day)) for day in _DAYS],
        "chosen": chosen.split("-") if chosen else [only, "", ""],
    }


def _month_names(language: Language) -> Mapping[int, str]:
    """In Chinese 2月, as it is written in a date, and not 二月."""
    width: Literal["abbreviated", "wide"] = "abbreviated" if language is Language.CHINESE else "wide"
    return get_month_names(width, context="stand-alone", locale=_LOCALES[language])


def _part(value: str, title: str) -> dict[str, str]:
    return {"value": value, "title": title}
