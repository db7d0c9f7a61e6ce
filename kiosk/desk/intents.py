"""What an officer meant to do, and whether an answer to it has come: an act that is pressed again is not done twice.

The card service does a request once for each Idempotency-Key. As long as an act's answer has not arrived, the same act
about the same thing with the same fields goes with the same key, however often and from wherever it is pressed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid4

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.client.clock import Clock, system_clock

T = TypeVar("T")

KEPT: Final = timedelta(hours=1)
"""Whoever does the same after that means it: the stock is counted again, and comes out alike."""
_NO_ANSWER: Final = frozenset({401, 429})
"""Of an earlier try, these say nothing: who asks was not looked at, or not listened to."""
_UNDER_WAY: Final = "idempotency-key-in-use"


@dataclass(frozen=True, slots=True)
class _Open:
    key: UUID
    since: datetime


class Intents:
    """The acts of a desk that have no answer yet. Safe to use from several threads."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[Hashable, _Open] = {}

    def do(self, service: ServiceClient, intent: Hashable, steps: Callable[[ServiceClient], T]) -> T:
        """Do it once: ``intent`` names the officer, the act, what it is about, and its fields.

        Raises what ``steps`` raise.
        """
        key = self._key_of(intent)
        try:
            result = steps(service.under(key))
        except ServiceProblem as refusal:
            if _is_answer(refusal):
                self._settle(intent, key)
            raise
        self._settle(intent, key)
        return result

    def _key_of(self, intent: Hashable) -> UUID:
        now = self._clock()
        with self._lock:
            self._open = {one: entry for one, entry in self._open.items() if now - entry.since < KEPT}
            return self._open.setdefault(intent, _Open(uuid4(), now)).key

    def _settle(self, intent: Hashable, key: UUID) -> None:
        with self._lock:
            entry = self._open.get(intent)
            if entry is not None and entry.key == key:
                del self._open[intent]


def _is_answer(refusal: ServiceProblem) -> bool:
    """Whether the card service has decided; a fault of its own leaves open whether an earlier try was done."""
    problem = refusal.problem
    return problem.status < 500 and problem.status not in _NO_ANSWER and problem.code != _UNDER_WAY
