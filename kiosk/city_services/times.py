"""Days and hours as the city's people read them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

CITY_TIME: Final = timezone(timedelta(hours=8))
"""China Standard Time; it has no summer time."""


def city_date(at: datetime) -> date:
    """The day it is in the city."""
    return at.astimezone(CITY_TIME).date()


def day(at: datetime) -> str:
    """``2026-03-02``."""
    return city_date(at).isoformat()


def minute(at: datetime) -> str:
    """``2026-03-02 12:00``."""
    return at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M")


def receipt(at: datetime) -> str:
    """A receipt number that names the moment: what was done is in the access history under it."""
    return at.astimezone(CITY_TIME).strftime("CS-%Y%m%d-%H%M%S")
