"""The sequencer at work in a service: a thread that goes on whatever happens, and raises the alarm when it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from cardsvc.audit.sequencer import Sequencer, is_late
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, looking_up

INTERVAL: Final = 0.5
"""Seconds between two looks at what waits: a record has its place well within a second."""
ALARM_INTERVAL: Final = 10.0
"""Seconds between two lines about the same alarm."""

_log = structlog.get_logger("cardsvc.audit")


class SupervisedSequencer:
    """Sequences again and again, until it is stopped. Whatever fails is logged and tried again."""

    def __init__(
        self,
        sequence: Callable[[], object],
        late: Callable[[], bool],
        interval: float = INTERVAL,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``sequence`` does the work; ``late`` tells whether a record waits too long."""
        self._sequence = sequence
        self._late = late
        self._interval = interval
        self._monotonic = monotonic
        self._stopped = threading.Event()
        self._said: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="audit-sequencer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way, and end."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.turn()
            self._stopped.wait(self._interval)

    def turn(self) -> None:
        """One round of work."""
        try:
            self._sequence()
        except Exception as error:  # noqa: BLE001 (a thread that ends would leave every later record without a place)
            self._say("audit records get no place in the log", error)
        try:
            if self._late():
                self._say("an audit record waits too long for its place in the log", None)
        except Exception as error:  # noqa: BLE001 (likewise)
            self._say("the audit log cannot be watched", error)

    def _say(self, what: str, error: Exception | None) -> None:
        """At once when it is new, then now and then while it lasts."""
        now = self._monotonic()
        if now - self._said.get(what, -ALARM_INTERVAL) >= ALARM_INTERVAL:
            self._said[what] = now
            _log.error(what, exc_info=error)


@contextmanager
def sequencing(sequencer: Sequencer, sessions: SessionFactory, clock: Clock) -> Iterator[None]:
    """Sequence for the time of a ``with`` block."""

    def late() -> bool:
        with looking_up(sessions) as connection:
            return is_late(connection, clock())

    supervised = SupervisedSequencer(sequencer.sequence, late)
    supervised.start()
    try:
        yield
    finally:
        supervised.stop()
