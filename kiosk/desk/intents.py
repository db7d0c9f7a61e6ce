"""What an officer meant to do, and whether an answer to it has come: an act that is pressed again is not done twice.

The card service does a request once for each Idempotency-Key. As long as an act's answer has not arrived, the same act
about the same things with the same fields goes with the same key, however often and from wherever it is pressed: until
something else is done about one of them, for it may have undone the first, and whoever then presses again means it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
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
class Intent:
    """What somebody means to do."""

    act: str
    subject: Hashable
    fields: Hashable = ()
    """What else was said."""
    about: frozenset[Hashable] = field(default=frozenset(), compare=False)
    """The subject, and all else that it may change: ids of cards, people, applications; printed numbers; names with
    what they are names of. The same act is the same, whatever is known of its subject by then."""


def means(act: str, subject: Hashable, also: Iterable[Hashable] = (), fields: Hashable = ()) -> Intent:
    """An intent about this subject, which may change what is named in ``also``."""
    return Intent(act, subject, fields, frozenset({subject, *also}))


@dataclass(frozen=True, slots=True)
class _Open:
    key: UUID
    since: datetime


class Intents:
    """The acts of a desk that have no answer yet. Safe to use from several threads."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[tuple[str, Intent], _Open] = {}

    def do(self, service: ServiceClient, officer: str, intent: Intent, steps: Callable[[ServiceClient], T]) -> T:
        """Do it once, in the name of ``officer``. Raises what ``steps`` raise."""
        whole = officer, intent
        key = self._key_of(whole)
        try:
            result = steps(service.under(key))
        except ServiceProblem as refusal:
            if _is_answer(refusal):
                self._settle(whole, key)
            raise
        self._settle(whole, key)
        return result

    def end(self, about: Collection[Hashable]) -> None:
        """Something is done about these, by whomever: what was meant with them before is meant anew from now on."""
        with self._lock:
            self._open = {one: entry for one, entry in self._open.items() if one[1].about.isdisjoint(about)}

    def _key_of(self, whole: tuple[str, Intent]) -> UUID:
        now, (_, intent) = self._clock(), whole
        with self._lock:
            entry = self._open.get(whole)
            if entry is None or now - entry.since >= KEPT:
                entry = _Open(uuid4(), now)
            self._open = {
                one: other
                for one, other in self._open.items()
                if now - other.since < KEPT and one[1].about.isdisjoint(intent.about)
            } | {whole: entry}
        return entry.key

    def _settle(self, whole: tuple[str, Intent], key: UUID) -> None:
        with self._lock:
            entry = self._open.get(whole)
            if entry is not None and entry.key == key:
                del self._open[whole]


def _is_answer(refusal: ServiceProblem) -> bool:
    """Whether the card service has decided; a fault of its own leaves open whether an earlier try was done."""
    problem = refusal.problem
    return problem.status < 500 and problem.status not in _NO_ANSWER and problem.code != _UNDER_WAY
