"""The outbox at work in a service: what was written is numbered, and each department that is owed something has a lane.

A slow receiver keeps its own lane busy and nobody else's, and that for a while: then whoever waits for a lane has it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory
from cardsvc.timekeeping import every
from cardsvc.webhooks.delivering import Courier
from cardsvc.webhooks.numbering import number_all

INTERVAL: Final = 0.5
"""Seconds between two looks at what was written."""
LANES: Final = 16
"""So many departments at once; others wait for a lane."""
TURN: Final = timedelta(seconds=5)
"""So long a department has its lane when others may wait; the attempt that is under way then is finished."""

_log = structlog.get_logger("cardsvc.webhooks")


class Postman:
    """Does one round after the other."""

    def __init__(self, sessions: SessionFactory, courier: Courier, clock: Clock) -> None:
        self._sessions = sessions
        self._courier = courier
        self._clock = clock
        self._busy: set[UUID] = set()
        self._lock = threading.Lock()

    def round(self) -> int:
        """Number what waits and deliver what is due, here and now; how many attempts that took."""
        number_all(self._sessions, self._clock())
        return sum(self._courier.deliver(subscription) for subscription in self._courier.due())

    def look(self, lanes: ThreadPoolExecutor, stopping: Callable[[], bool]) -> None:
        """Number what waits, and open a lane for each department that has none and is owed something."""
        number_all(self._sessions, self._clock())
        for subscription in self._courier.due():
            with self._lock:
                if subscription in self._busy:
                    continue
                self._busy.add(subscription)
            lanes.submit(self._lane, subscription, stopping)

    def _lane(self, subscription: UUID, stopping: Callable[[], bool]) -> None:
        over = self._clock() + TURN
        try:
            self._courier.deliver(subscription, lambda: stopping() or self._clock() >= over)
        except Exception:  # noqa: BLE001 (nobody waits for the lane; the next look opens another one)
            _log.exception("webhook-lane-failed", subscription=str(subscription))
        finally:
            with self._lock:
                self._busy.discard(subscription)


@contextmanager
def delivering(postman: Postman) -> Iterator[None]:
    """Deliver for the time of a ``with`` block; attempts under way at its end are finished."""
    with (
        ThreadPoolExecutor(LANES, thread_name_prefix="webhooks") as lanes,
        every(INTERVAL, partial(postman.look, lanes)),
    ):
        yield
