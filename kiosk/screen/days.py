"""Days as people choose them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from babel.dates import get_month_names

from cardsvc.wire.manifest import Language
from kiosk.dates import LOCALES
from kiosk.forms import FormField

_MOST_BUTTONS: Final = 24
"""So many years can be chosen among; of more, one is entered by its digits."""
_MONTHS: Final = range(1, 13)
_DAYS: Final = range(1, 32)


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
    return get_month_names(width, context="stand-alone", locale=LOCALES[language])


def _part(value: str, title: str) -> dict[str, str]:
    return {"value": value, "title": title}
