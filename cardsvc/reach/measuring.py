"""For how long a card could still have been accepted somewhere after it was revoked.

The service itself turns a card away from the commit on. A kiosk that is offline, or a department with a list of its
own, does so once it has taken note. A revocation is open until everybody who must know has: each kiosk that was there
then, and each department that had a subscription then and knows the person. It ends for one of them when it
acknowledges, is shut out or unsubscribes, or when a card that was only held is in force again. A receiver that answers
410 has unsubscribed nobody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cardsvc.wire import reach as wire

Settled = datetime | None
"""When a revocation was over for somebody; None while it is not."""


@dataclass(frozen=True, slots=True)
class Party:
    """A kiosk or a department, and the revocations that it must know of."""

    client_id: str
    kind: wire.PartyKind
    duties: Mapping[UUID, Settled]
    last_acknowledged_at: datetime | None = None


def measure(
    revoked: Mapping[UUID, datetime], parties: Sequence[Party], *, since: datetime, now: datetime
) -> wire.RevocationReach:
    """The measure of these revocations, by id and time."""
    over: dict[UUID, Settled] = dict(revoked)  # where nobody else must know, it is over at once
    for party in parties:
        for revocation, settled in party.duties.items():
            over[revocation] = _later(over[revocation], settled)
    spans = sorted((settled or now) - revoked[revocation] for revocation, settled in over.items())
    return wire.RevocationReach(
        since=since,
        now=now,
        revocations=len(revoked),
        complete=sum(settled is not None for settled in over.values()),
        p50_seconds=_seconds(percentile(spans, 50)),
        p99_seconds=_seconds(percentile(spans, 99)),
        max_seconds=_seconds(percentile(spans, 100)),
        parties=sorted((_describe(party, revoked) for party in parties), key=_urgency),
    )


def percentile(spans: Sequence[timedelta], percent: int) -> timedelta | None:
    """By nearest rank: the smallest of the sorted spans that at least so many percent do not exceed."""
    return spans[math.ceil(percent * len(spans) / 100) - 1] if spans else None


def _later(one: Settled, other: Settled) -> Settled:
    return None if one is None or other is None else max(one, other)


def _describe(party: Party, revoked: Mapping[UUID, datetime]) -> wire.PartyReach:
    missing = [revoked[revocation] for revocation, settled in party.duties.items() if settled is None]
    return wire.PartyReach(
        client_id=party.client_id,
        kind=party.kind,
        expected=len(party.duties),
        unacknowledged=len(missing),
        oldest_unacknowledged=min(missing, default=None),
        last_acknowledged_at=party.last_acknowledged_at,
    )


def _urgency(party: wire.PartyReach) -> tuple[bool, datetime | None, str]:
    """Whoever has not acknowledged longest comes first."""
    return party.oldest_unacknowledged is None, party.oldest_unacknowledged, party.client_id


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
