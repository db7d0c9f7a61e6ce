"""Investigations: looks at a person that the person hears of later, at a date that is set before the first look."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from cardsvc.wire.base import WHOLE, Date, Message, Page, Timestamp
from cardsvc.wire.history import MOST_ENTRIES
from cardsvc.wire.people import DocumentNumber, Reference

_EITHER: Final[list[JsonValue]] = [
    {
        "required": ["citizen_id"],
        "properties": {"citizen_id": {"type": "string"}, "document_number": {"type": "null"}},
    },
    {
        "required": ["document_number"],
        "properties": {"document_number": {"type": "string"}, "citizen_id": {"type": "null"}},
    },
]


class InvestigationRequest(Message):
    """Ask a colleague to agree to an investigation of one person, named by id or by document number."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _EITHER})

    citizen_id: UUID | None = None
    document_number: DocumentNumber | None = Field(default=None, repr=False)
    reference: Reference
    """The number of the order. It is published when the investigation is released: no names."""
    release_on: Date
    """The person hears of everything from this day on, whatever comes of it."""

    @model_validator(mode="after")
    def _one_way(self) -> InvestigationRequest:
        if (self.citizen_id is None) == (self.document_number is None):
            raise ValueError("give a citizen or a document number")
        return self


class InvestigationState(StrEnum):
    """How far it is."""

    REQUESTED = "requested"
    APPROVED = "approved"
    """The person may be looked at, by whoever asked."""
    OVER = "over"
    """Nobody agreed in time, or the time for looking is over."""
    RELEASED = "released"
    """The person can read it."""


class Investigation(Message):
    """An investigation, as investigators see it."""

    id: UUID
    citizen_id: UUID
    reference: str
    release_on: Date
    state: InvestigationState
    requested_by: str
    requested_at: Timestamp
    approved_by: str | None = None
    ends_at: Timestamp
    """Until then a colleague may agree, or, once one has, the person may be looked at."""
    looks: int
    release_asked_by: str | None = None
    """Who wants it released before its date: a colleague has to agree."""


class InvestigationList(Page):
    """Those that are not released, newest first."""

    investigations: list[Investigation]


class InvestigationHistoryRequest(Message):
    """Read the person's access history."""

    cursor: Annotated[str, Field(max_length=400)] | None = None
    """``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES), WHOLE] = 100
