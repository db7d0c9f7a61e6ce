"""Whether the kiosk's clock can be believed. Without a network nobody corrects it, and ages are measured by it.

It cannot when it is earlier than something that was signed, or than a moment the kiosk has seen (which is written down
every minute, for the next start); when it moved against the machine's own count of seconds; or when it was wrong by
minutes at the last time the service was heard. Each of them is over when the service is heard again and agrees.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cardsvc.client.clock import Clock
from kiosk.journal import replace_file
from kiosk.offline.supplies import Supplies

TOLERANCE: Final = 300
"""Seconds that clocks may differ, and time servers correct at once."""
_WRITTEN_EVERY: Final = 60


class ClockWatch:
    """Watches one clock. May be used from several threads."""

    def __init__(self, folder: Path, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._file = folder / "clock"
        self._clock = clock
        self._monotonic = monotonic
        self._began = (self._now(), monotonic())
        self._seen = self._read()
        self._writing = threading.Lock()

    def is_wrong(self, supplies: Supplies) -> bool:
        """Whether ages must not be measured by it."""
        now = self._now()
        newest = max(supplies.as_of, self._seen)
        wrong_when_heard = abs(supplies.fetched_at - supplies.as_of) > TOLERANCE
        return now < newest - TOLERANCE or self._moved(now) or wrong_when_heard

    def note(self, supplies: Supplies) -> None:
        """Time has passed. Writes it down now and then. Raises OSError."""
        now = self._now()
        if now >= self._seen + _WRITTEN_EVERY and not self.is_wrong(supplies):
            self._write(now)

    def heard(self, supplies: Supplies) -> None:
        """The service was heard just now: whatever was before, the clock is measured from here. Raises OSError."""
        self._began = (supplies.fetched_at, self._monotonic())
        self._write(supplies.as_of)

    def _moved(self, now: int) -> bool:
        wall, count = self._began
        return abs((now - wall) - (self._monotonic() - count)) > TOLERANCE

    def _write(self, seen: int) -> None:
        with self._writing:
            replace_file(self._file, str(seen).encode())
            self._seen = seen

    def _read(self) -> int:
        try:
            return int(self._file.read_bytes())
        except (OSError, ValueError):
            return 0

    def _now(self) -> int:
        return int(self._clock().timestamp())
