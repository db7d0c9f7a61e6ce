"""Reports that a card is lost or stolen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from cardsvc.wire.base import Message, Timestamp
from cardsvc.wire.lifecycle import CardState

RECEIPT_TYPE: Final = "loss-receipt+jwt"
"""The ``typ`` of a receipt: a JWS by the service's evidence key (RFC 8725 §3.11)."""

ReportNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
"""Ten digits to be read over the telephone, the last one by Luhn's rule (ISO/IEC 7812-1 annex B)."""


class LossKind(StrEnum):
    """What happened to the card."""

    LOST = "lost"
    STOLEN = "stolen"


class Channel(StrEnum):
    """How the report came in."""

    DESK = "desk"
    TELEPHONE = "telephone"
    KIOSK = "kiosk"
    """By the citizen, with another card of theirs."""


class LossOutcome(StrEnum):
    """What came of a report."""

    FOUND = "found"
    REPLACED = "replaced"
    REVOKED = "revoked"


class Question(StrEnum):
    """What somebody who calls is asked. The answers themselves are kept nowhere."""

    BIRTH_DATE = "birth-date"
    DOCUMENT_NUMBER = "document-number"
    DISTRICT = "district"
    NAME_LATIN = "name-latin"
    LAST_VISIT = "last-visit"
    """When and where the card was used last."""
    GUARDIAN = "guardian"


class CallerVerification(Message):
    """Which questions a caller was asked, and which of them were answered right."""

    asked: frozenset[Question] = Field(max_length=len(Question))
    right: frozenset[Question]

    @model_validator(mode="after")
    def _asked_first(self) -> CallerVerification:
        if not self.right <= self.asked:
            raise ValueError("only what was asked can be answered right")
        return self


class LossReportRequest(Message):
    """Report a card lost or stolen. Without ``card_uuid`` it is the one that the citizen carries."""

    citizen_id: UUID
    card_uuid: UUID | None = None
    kind: LossKind
    channel: Literal[Channel.DESK, Channel.TELEPHONE]
    verification: CallerVerification | None = None
    """Needed when the report comes by telephone."""


class LossReport(Message):
    """A report, and what came of it."""

    number: ReportNumber
    kind: LossKind
    channel: Channel
    card_uuid: UUID
    card_state: CardState
    reported_by: str
    reported_at: Timestamp
    found_until: Timestamp
    """A card that is found before can be put into force again."""
    outcome: LossOutcome | None = None
    closed_at: Timestamp | None = None
    receipt: str
    """For the citizen: a JWS of type `RECEIPT_TYPE` that says which card was held, and when."""
