"""People, applications and cards, as clerks' tools see them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from cardsvc.wire.authentication import CardProof
from cardsvc.wire.base import Message, Timestamp

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
StockNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{4,20}$")]
"""The number printed on a blank card. Printed information on the card has room for 20 characters of it."""


class ApplicationState(StrEnum):
    """The states of an application."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    PERSONALISING = "personalising"
    PRODUCED = "produced"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CardState(StrEnum):
    """The states of a card."""

    STOCK = "stock"
    RESERVED = "reserved"
    PERSONALISING = "personalising"
    QUARANTINED = "quarantined"
    SEALED = "sealed"
    DELIVERED = "delivered"
    ACTIVE = "active"
    HELD = "held"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DESTROYED = "destroyed"


class RevocationReason(StrEnum):
    """Why a card is revoked; each maps to a CRLReason of RFC 5280 §5.3.1."""

    KEY_COMPROMISE = "key-compromise"
    LOST = "lost"
    STOLEN = "stolen"
    SUPERSEDED = "superseded"
    DECEASED = "deceased"
    MOVED_AWAY = "moved-away"
    WITHDRAWN = "withdrawn"


class Person(Message):
    """Who a card is for. Personal data: stored encrypted, never logged."""

    name: Name = Field(repr=False)
    """Family and given name as on the identity document."""
    name_latin: Name | None = Field(default=None, repr=False)
    birth_date: date = Field(repr=False)
    document_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5,20}$")] = Field(repr=False)
    district: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class ApplicationRequest(Message):
    """Enrol a person and ask for their first card."""

    person: Person


class RejectionRequest(Message):
    """Refuse an application. The reason is for the clerk who wrote it."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    ]


class Transition(Message):
    """One step in the life of an application or a card."""

    state: str
    actor: str
    at: Timestamp
    reason: str | None = None


class Application(Message):
    """An application and its history."""

    id: UUID
    state: ApplicationState
    person: Person
    requested_by: str
    approved_by: str | None = None
    card_uuid: UUID | None = None
    history: list[Transition]


class StockRequest(Message):
    """Take a blank card into stock by its printed number."""

    stock_number: StockNumber


class PersonalisationRequest(Message):
    """Reserve a stock card for an approved application."""

    stock_number: StockNumber


class Card(Message):
    """A card and its history."""

    uuid: UUID
    state: CardState
    stock_number: str
    expires_on: date | None = None
    history: list[Transition]


class ActivationRequest(Message):
    """Activate a delivered card with a proof made with the citizen's own PIN."""

    proof: CardProof


class RevocationRequest(Message):
    """Withdraw a card for good."""

    reason: RevocationReason
