"""Time is passed in: whoever needs it takes a `Clock`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

Clock = Callable[[], datetime]
"""Gives the present time, aware, in UTC."""
CITY_TIME: Final = timezone(timedelta(hours=8))
"""China has one time and has not changed it for the summer since 1991."""


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def city_day(now: datetime) -> date:
    """The date in the city: somebody's birthday begins there."""
    return now.astimezone(CITY_TIME).date()
