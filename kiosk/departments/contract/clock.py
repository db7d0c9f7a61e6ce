"""Time as departments use it: an instant in UTC, and the city's own calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

Clock = Callable[[], datetime]
"""Gives the present time, aware, in UTC."""

CITY_TIME: Final = timezone(timedelta(hours=8))
"""China Standard Time. It has no summer time, so no time-zone database is needed."""


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def city_date(now: datetime) -> date:
    """The day it is in the city at the instant ``now``."""
    return now.astimezone(CITY_TIME).date()
