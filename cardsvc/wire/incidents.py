"""Whom to call at a department when something is wrong, and what departments report that went wrong."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from cardsvc.wire.base import Code, Message, Page, Timestamp
from cardsvc.wire.departments import Pseudonym

Told = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
"""In words of one's own. No names: it is kept for years."""


class Contact(Message):
    """Who answers day and night when something is wrong."""

    desk: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    """What the duty desk is called. A desk, not a person."""
    email: Annotated[
        str, StringConstraints(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254)
    ]
    telephone: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
    """With the country's code and nothing but digits (E.164), for example +85328881234."""


class DepartmentContact(Message):
    """A department's contact; none when nobody has given it yet."""

    department: Code
    contact: Contact | None


class IncidentState(StrEnum):
    """How far an incident is."""

    OPEN = "open"
    CLOSED = "closed"


class IncidentReport(Message):
    """Tell that something went wrong at one's department that may concern the card service or its people."""

    what: Told
    since: Timestamp
    pseudonyms: list[Pseudonym] = Field(default_factory=list, max_length=1000, json_schema_extra={"uniqueItems": True})
    """Whom it may affect, by the department's own names. Each of them can read in their history that it may."""

    @field_validator("pseudonyms")
    @classmethod
    def _once(cls, pseudonyms: list[str]) -> list[str]:
        if len(set(pseudonyms)) != len(pseudonyms):
            raise ValueError("name everybody once")
        return pseudonyms


class IncidentClosure(Message):
    """Close an incident."""

    resolution: Told
    """What came of it."""


class Incident(Message):
    """An incident that a department reported."""

    id: UUID
    department: Code
    state: IncidentState
    what: str
    since: Timestamp
    people: int
    """How many people may be affected, of those the department was told about."""
    unknown: int
    """How many pseudonyms were named that the department was never told."""
    reported_at: Timestamp
    closed_at: Timestamp | None = None
    closed_by: str | None = None
    resolution: str | None = None


class IncidentList(Page):
    """The newest two hundred, newest first."""

    incidents: list[Incident]
