"""What has become of a citizen's data: who looked, who was told what, when, for what, and under which policy."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from cardsvc.wire.base import WHOLE, Code, Message, Page, Timestamp
from cardsvc.wire.manifest import Texts
from cardsvc.wire.sealed import Opening

MOST_ENTRIES: Final = 1000
"""In a page."""


class AccessHistoryRequest(Message):
    """Read at a kiosk who looked at one's data: the visit says whose, and must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)
    cursor: Annotated[str, Field(max_length=400)] | None = None
    """``next`` of the page before."""
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES), WHOLE] = 100


class Deed(StrEnum):
    """What kind of thing an entry is about, so that a screen can choose its picture."""

    LOOKED = "looked"
    """An officer saw something of the citizen's."""
    FOUND = "found"
    """An officer looked for people, and was shown this one, masked."""
    ASKED = "asked"
    """A department asked something about the citizen, who was not there."""
    TOLD = "told"
    """A department was told something."""
    VERIFIED = "verified"
    """A department had something confirmed that it was told before."""
    IDENTIFIED = "identified"
    """Two officers found out whom a department knows by a name of its own."""
    USED = "used"
    """The citizen used the card."""
    INVESTIGATED = "investigated"
    """It was done in an investigation, and kept from the citizen until it was released."""
    LOCKED = "locked"
    """The citizen, or a clerk for them, locked or unlocked the card."""
    CHANGED = "changed"
    """What is known about the citizen was changed."""
    HANDLED = "handled"
    """An application, a card or an approval went on its way."""
    WARNED = "warned"
    """A department reported an incident that concerns the citizen's data."""
    OTHER = "other"


class AccessEntry(Message):
    """One thing that happened to a citizen's data. Numbers have no gaps: a missing one was hidden."""

    number: int
    at: Timestamp
    event: str
    outcome: str
    """``ok``, or the code of the refusal: then it was tried, and not done."""
    actor: str
    actor_title: str | None = None
    """What a department, a kiosk or a desk is called. Officers are known by their number alone."""
    deed: Deed
    words: Texts
    """The deed as a sentence, to be shown as it is."""
    purpose: str | None = None
    purpose_words: Texts | None = None
    reference: str | None = None
    """The case."""
    department: Code | None = None
    """Which department asked or was told."""
    department_title: str | None = None
    service: str | None = None
    policy_version: int | None = None
    """The version of the department's policy under which it was."""
    audience: str | None = None
    attributes: list[str] | None = None
    """What was told, by name."""
    questions: list[str] | None = None
    """What was answered by yes or no."""
    released_at: Timestamp | None = None
    """When an entry of an investigation was released: ``at`` is when it happened."""
    sealed: Opening | None = None
    """What was committed to then, to be checked (`ServiceClient.verify_opening`)."""


class AccessHistory(Page):
    """Newest first."""

    entries: list[AccessEntry]
    total: int
    """How many there are in all."""
