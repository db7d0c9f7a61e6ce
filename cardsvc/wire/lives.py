"""What became of a person's applications and cards, as officers' tools see it: states and times, nothing personal."""

from __future__ import annotations

from uuid import UUID

from cardsvc.wire.base import Message, Timestamp
from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, Card, ReplacementCause, Transition
from cardsvc.wire.losses import Channel, LossKind, LossOutcome, ReportNumber
from cardsvc.wire.people import CorrectionCause
from cardsvc.wire.registry import RegistryEvent


class PastApplication(Message):
    """An application of a person, open or not, and its history."""

    id: UUID
    kind: ApplicationKind
    cause: ReplacementCause | None = None
    state: ApplicationState
    requested_by: str
    responsible: str
    """Who sees to it now, or did."""
    card_uuid: UUID | None = None
    replaces_uuid: UUID | None = None
    """The card that the person had then; of a temporary card, the one that was forgotten."""
    history: list[Transition]


class Loss(Message):
    """A card that was reported lost or stolen."""

    number: ReportNumber
    kind: LossKind
    channel: Channel
    card_uuid: UUID
    reported_by: str
    reported_at: Timestamp
    found_until: Timestamp
    """A card that is found before can be put into force again."""
    outcome: LossOutcome | None = None
    closed_at: Timestamp | None = None


class Correction(Message):
    """What was known about the person was corrected. What it was before, the earlier versions tell."""

    at: Timestamp
    corrected_by: str
    cause: CorrectionCause


class PersonLife(Message):
    """Everything that happened to a person's applications and cards, each list oldest first."""

    applications: list[PastApplication]
    cards: list[Card]
    losses: list[Loss]
    registry_events: list[RegistryEvent]
    corrections: list[Correction]
