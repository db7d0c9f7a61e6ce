"""What an officer meant to do, and whether they know what came of it: an act that is pressed again is not done twice.

The card service does a request once for each Idempotency-Key. As long as nobody was told an act's answer, the same
act about the same subject with the same fields goes with the same key, however often and from wherever it is pressed:
until something else is done about that here, or is seen to have been done by others, for it may have undone the first:
whoever then presses again means it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from cardsvc.client import ServiceProblem
from cardsvc.client.clock import Clock, system_clock

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
    """What else was said, and what was shown then: once it is seen that something came of an act, the same is another,
    whoever undid the first at whichever desk."""
    about: frozenset[Hashable] = field(default=frozenset(), compare=False)
    """The subject, and all else that it may change: ids of cards, people, applications; printed numbers; names with
    what they are names of. The same act is the same, whatever is known of its subject by then."""


def means(act: str, subject: Hashable, also: Iterable[Hashable] = (), fields: Hashable = ()) -> Intent:
    """An intent about this subject, which may change what is named in ``also``."""
    return Intent(act, subject, fields, frozenset({subject, *also}))


@dataclass(frozen=True, slots=True)
class Meant:
    """An intent that was begun, and of which nobody has heard what came of it."""

    officer: str
    intent: Intent
    key: UUID
    since: datetime


class Intents:
    """The acts of a desk of which nobody knows what came of them. Safe to use from several threads."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[tuple[str, Intent], Meant] = {}

    def begin(self, officer: str, intent: Intent) -> Meant:
        """It is about to be done in the name of ``officer``, for the first time or again: under the key of this."""
        now, whole = self._clock(), (officer, intent)
        with self._lock:
            meant = self._open.get(whole)
            if meant is None or now - meant.since >= KEPT:
                meant = Meant(officer, intent, uuid4(), now)
            self._open = {
                one: other
                for one, other in self._open.items()
                if now - other.since < KEPT and other.intent.about.isdisjoint(intent.about)
            } | {whole: meant}
        return meant

    def heard(self, meant: Meant, outcome: object) -> None:
        """The officer was told what came of it, a result or a failure: whoever does the same again means it anew.

        Not as long as the card service may have done it without their having heard.
        """
        if isinstance(outcome, Exception) and not _is_answer(outcome):
            return
        with self._lock:
            if self._open.get((meant.officer, meant.intent)) is meant:
                del self._open[meant.officer, meant.intent]

    def end(self, about: Collection[Hashable]) -> None:
        """Something is done about these, by whomever: what was meant with them before is meant anew from now on."""
        with self._lock:
            self._open = {one: entry for one, entry in self._open.items() if entry.intent.about.isdisjoint(about)}


def _is_answer(failure: Exception) -> bool:
    """Whether the card service has decided; a fault of its own leaves open whether an earlier try was done."""
    if not isinstance(failure, ServiceProblem):
        return False
    problem = failure.problem
    return problem.status < 500 and problem.status not in _NO_ANSWER and problem.code != _UNDER_WAY
