"""People, applications and cards, as clerks' tools see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from cardsvc.wire.authentication import CardProof
from cardsvc.wire.base import LINE, LINES, TRIMMED, Date, Message, Page, Timestamp

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE), TRIMMED]
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


class ApplicationKind(StrEnum):
    """Why somebody needs a card."""

    FIRST = "first"
    REPLACEMENT = "replacement"
    """The old card is damaged, or was reported lost or stolen."""
    RENEWAL = "renewal"
    """The old card expires soon."""
    TEMPORARY = "temporary"
    """The card was forgotten: another one for some days, until it is back."""
    CORRECTION = "correction"
    """What stands on the old card is not right any more."""
    RETURN = "return"
    """The registry took back that somebody died or moved away."""


class ReplacementCause(StrEnum):
    """What is wrong with the old card."""

    DAMAGED = "damaged"
    LOST = "lost"
    """Reported lost before; a stolen card is revoked, and its replacement is of this cause too."""


class HoldReason(StrEnum):
    """Why a card is held. A later one in this list replaces an earlier one, and none replaces a later one."""

    TEMPORARY = "temporary"
    """It was forgotten: returning the temporary card restores it."""
    REPLACEMENT = "replacement"
    """Another one was asked for: cancelling that restores it."""
    LOST = "lost"
    """Reported lost: if it is found in time, two people reinstate it."""
    SUSPICION = "suspicion"
    """An officer has doubts: two people reinstate it."""
    MOVED_AWAY = "moved-away"
    DECEASED = "deceased"
    """Never restored: if the registry was wrong, the citizen gets a new card."""


class Consent(StrEnum):
    """How the guardian of a minor agreed to an application."""

    CARD = "card"
    """With their own card and PIN."""
    PAPER = "paper"
    """On a form, which is scanned and kept with the application."""


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
    birth_date: Date = Field(repr=False)
    document_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5,20}$")] = Field(repr=False)
    district: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINES), TRIMMED]
"""Why something was done, in a clerk's own words."""
Appointment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$")]
"""The number of an appointment. No names: it stays when the person is erased."""


_ABSENT: Final[JsonValue] = {"type": "null"}
_SOMEBODY: Final[list[JsonValue]] = [
    {
        "required": ["person"],
        "properties": {"person": {"type": "object"}, "citizen_id": _ABSENT, "kind": {"const": "first"}},
    },
    {"required": ["citizen_id"], "properties": {"citizen_id": {"type": "string"}, "person": _ABSENT}},
]
_CAUSE: Final[list[JsonValue]] = [
    {"required": ["kind", "cause"], "properties": {"kind": {"const": "replacement"}, "cause": {"type": "string"}}},
    {"properties": {"kind": {"not": {"const": "replacement"}}, "cause": _ABSENT}},
]


class ApplicationRequest(Message):
    """Ask for a card: for somebody who is enrolled with it (``person``), or who is enrolled (``citizen_id``)."""

    model_config = ConfigDict(json_schema_extra={"allOf": [{"anyOf": _SOMEBODY}, {"anyOf": _CAUSE}]})

    kind: ApplicationKind = ApplicationKind.FIRST
    person: Person | None = None
    citizen_id: UUID | None = None
    cause: ReplacementCause | None = None
    """Of a replacement."""
    appointment: Appointment | None = None

    @model_validator(mode="after")
    def _fits(self) -> ApplicationRequest:
        if (self.person is None) == (self.citizen_id is None):
            raise ValueError("give a person or the id of a citizen")
        if self.person is not None and self.kind is not ApplicationKind.FIRST:
            raise ValueError("only a first card is for somebody new")
        if (self.cause is None) == (self.kind is ApplicationKind.REPLACEMENT):
            raise ValueError("a replacement has a cause, and nothing else has")
        return self


class DraftChange(Message):
    """Change a draft before it is submitted. Members that are not given stay."""

    cause: ReplacementCause | None = None
    appointment: Appointment | None = None


_PROOF_OR_PAPER: Final[list[JsonValue]] = [
    {"required": ["proof"], "properties": {"proof": {"type": "object"}, "document_id": _ABSENT}},
    {"required": ["document_id"], "properties": {"document_id": {"type": "string"}, "proof": _ABSENT}},
]


class ConsentRequest(Message):
    """A guardian agrees: with a proof of their own card that was made for this, or on paper."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _PROOF_OR_PAPER})

    guardian_id: UUID
    proof: CardProof | None = None
    """At level ``pin``, with the hash of this application (`consent_hash`) as its transaction."""
    document_id: UUID | None = None
    """The scanned form, among the application's documents."""

    @model_validator(mode="after")
    def _one_way(self) -> ConsentRequest:
        if (self.proof is None) == (self.document_id is None):
            raise ValueError("give a proof or a document")
        return self


class RejectionRequest(Message):
    """Refuse an application. The reason is for the clerk who wrote it."""

    reason: Reason


class CancellationRequest(Message):
    """Give an application up, or discard a draft."""

    reason: Reason


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
    kind: ApplicationKind
    citizen_id: UUID
    cause: ReplacementCause | None = None
    appointment: str | None = None
    requested_by: str
    responsible: str
    """Who sees to it now: whoever wrote it, or the colleague who took over the shift."""
    approved_by: str | None = None
    guardian_id: UUID | None = None
    consent: Consent | None = None
    card_uuid: UUID | None = None
    replaces_uuid: UUID | None = None
    """The card that is revoked when the new one is activated; of a temporary card, the one that was forgotten."""
    history: list[Transition]


class ApplicationSummary(Message):
    """An open application, without anything of the person."""

    id: UUID
    kind: ApplicationKind
    state: ApplicationState
    responsible: str
    appointment: str | None = None
    card_uuid: UUID | None = None
    """The card that is made for it, from its reservation on."""
    created_at: Timestamp


class ApplicationList(Page):
    """Open applications, oldest first, at most two hundred."""

    applications: list[ApplicationSummary]


class StockRequest(Message):
    """Take a blank card into stock by its printed number."""

    stock_number: StockNumber
    office: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] | None = None
    product_serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = None


class PersonalisationRequest(Message):
    """Reserve a stock card for an approved application."""

    stock_number: StockNumber


class Card(Message):
    """A card and its history."""

    uuid: UUID
    state: CardState
    stock_number: str
    expires_on: Date | None = None
    temporary: bool = False
    hold_reason: HoldReason | None = None
    office: str | None = None
    custodian: str | None = None
    """The officer who answers for it, while it is blank."""
    history: list[Transition]


class Proxy(Message):
    """Somebody who collects a card for another. Stored sealed with that citizen's key."""

    name: Name = Field(repr=False)
    document_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5,20}$")] = Field(repr=False)


class DeliveryRequest(Message):
    """Hand a card over: to its citizen, or to somebody who collects it for them."""

    proxy: Proxy | None = None


class HoldRequest(Message):
    """Stop a card for now."""

    reason: Reason


class DestructionRequest(Message):
    """A card was shredded, or is given up for lost."""

    reason: Reason


class ActivationRequest(Message):
    """Activate a delivered card with a proof made with the citizen's own PIN."""

    proof: CardProof


class RevocationRequest(Message):
    """Withdraw a card for good."""

    reason: RevocationReason
