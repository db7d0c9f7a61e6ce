"""Time for the client; tests pass their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present time, aware."""


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)
