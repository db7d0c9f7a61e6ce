"""How far a revocation has got: who must know of it, and since when everybody does."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from cardsvc.wire.base import FeedPage, Message, Timestamp

MOST_REVOCATIONS = 500
"""In one answer."""


class RevocationKind(StrEnum):
    """What became of a card that was in force or held."""

    HELD = "held"
    REVOKED = "revoked"
    EXPIRED = "expired"
    RESTORED = "restored"
    """In force again: no longer to be turned away."""


class Revocation(Message):
    """A card that is, or is no longer, to be turned away; as a kiosk needs it when it is offline."""

    id: UUID
    number: int
    """Rises by one: a gap shows that something was missed."""
    kind: RevocationKind
    card_uuid: UUID
    at: Timestamp
    status_list: str | None = None
    """The card's place in the status lists."""
    status_index: int | None = None


class RevocationPage(FeedPage):
    """Revocations in order."""

    revocations: list[Revocation]


class AcknowledgementRequest(Message):
    """Say what has been taken note of: nothing up to there is accepted any more."""

    up_to: UUID
    """A kiosk names a revocation, a department an event. Everything before it is acknowledged with it."""


class Acknowledgement(Message):
    """How far the caller has acknowledged. An earlier one than before changes nothing."""

    up_to: UUID
    number: int
    at: Timestamp


class PartyKind(StrEnum):
    """Who must know."""

    KIOSK = "kiosk"
    DEPARTMENT = "department"


class PartyReach(Message):
    """One kiosk or department."""

    client_id: str
    kind: PartyKind
    expected: int
    """Revocations that it must know of."""
    unacknowledged: int
    oldest_unacknowledged: Timestamp | None = None
    last_acknowledged_at: Timestamp | None = None


Seconds = Annotated[float, Field(ge=0)]


class RevocationReach(Message):
    """For how long cards could still have been accepted somewhere after they were revoked, held or over."""

    since: Timestamp
    now: Timestamp
    revocations: int
    """So many since then."""
    complete: int
    """Of them, those that everybody who must know has acknowledged."""
    p50_seconds: Seconds | None = None
    p99_seconds: Seconds | None = None
    max_seconds: Seconds | None = None
    """From a revocation to the last acknowledgement of it; to now while one is missing. Percentiles by nearest rank.
    None when there was no revocation."""
    parties: list[PartyReach]
    """Whoever has not acknowledged longest comes first."""
