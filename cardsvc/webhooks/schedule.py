"""When what was not accepted is tried again: for each event, and for a receiver that accepts nothing.

An event is tried again after the pauses of `PAUSES`, then every twelve hours as long as it is kept; a fifth more or
less, so that what failed together does not come back together. When `TROUBLED` attempts in a row fail, whatever they
were about, the receiver is out of order: one event at a time is tried after the same pauses, at most an hour apart.
Once nothing was accepted for `patience`, the subscription is suspended: one event is tried every twelve hours, until
one is accepted or the department says that it is back. The first that is accepted after `AWAY` brings all others at
once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from cardsvc.wire.webhooks import SubscriptionState

PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
)
TROUBLED: Final = 3
LONGEST_TROUBLE: Final = timedelta(hours=1)
AWAY: Final = timedelta(minutes=10)
"""A receiver that refuses events of a few people only, and accepts others in between, has never been away so long."""
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver is."""

    state: SubscriptionState = SubscriptionState.ACTIVE
    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    """Nothing is tried before."""

    def may_try(self, now: datetime) -> bool:
        """Whether anything may be sent."""
        held = self.hold_until is not None and now < self.hold_until
        return self.state is not SubscriptionState.DISABLED and not held

    def was_away(self, now: datetime) -> bool:
        """Whether nothing was accepted for so long that events wait longer than they need, now that something is."""
        return self.failing_since is not None and now - self.failing_since >= AWAY


HEALTHY: Final = Health()


def pause_after(attempts: int, chance: float) -> timedelta:
    """How long an event waits after so many attempts, one at least. ``chance`` is from 0 to 1, this one left out."""
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    return pause * (1 - _JITTER + 2 * _JITTER * chance)


def after_failure(health: Health, status: int | None, now: datetime, chance: float, patience: timedelta) -> Health:
    """How the receiver is after one more attempt in vain."""
    if status == HTTPStatus.GONE:  # "do not call again", by the specification
        return replace(health, state=SubscriptionState.DISABLED, hold_until=None)
    if health.state is SubscriptionState.DISABLED:  # meanwhile: what was under way changes nothing
        return health
    failures, since = health.failures + 1, health.failing_since or now
    state = SubscriptionState.SUSPENDED if now - since >= patience else health.state
    return Health(state, failures, since, _hold(state, failures, now, chance))


def _hold(state: SubscriptionState, failures: int, now: datetime, chance: float) -> datetime | None:
    if state is SubscriptionState.SUSPENDED:
        return now + pause_after(len(PAUSES), chance)
    if failures < TROUBLED:
        return None
    return now + min(pause_after(failures - TROUBLED + 1, chance), LONGEST_TROUBLE)
