"""What citizens lock their cards for."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import ConfigDict, Field, JsonValue, model_validator

from cardsvc.wire.base import Code, Message, Timestamp
from cardsvc.wire.levels import Level
from cardsvc.wire.people import DocumentNumber, Occasion

_EITHER: Final[list[JsonValue]] = [
    {"required": ["department"], "properties": {"department": {"type": "string"}, "level": {"type": "null"}}},
    {"required": ["level"], "properties": {"level": {"type": "string"}, "department": {"type": "null"}}},
]


class LockTarget(Message):
    """A department, at whatever level, or a level, whoever asks."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _EITHER})

    department: Code | None = None
    level: Level | None = None

    @model_validator(mode="after")
    def _one(self) -> LockTarget:
        if (self.department is None) == (self.level is None):
            raise ValueError("give a department or a level")
        return self


class LocksRequest(Message):
    """See what one's card is locked for. The visit says whose, and must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class LockRequest(LockTarget):
    """Lock or unlock one's card. The visit says whose, and must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class LockLiftRequest(LockTarget, Occasion):
    """Unlock somebody's card at the desk, because they ask for it and have shown who they are."""

    document_number: DocumentNumber = Field(repr=False)
    """Of the document that was shown: it must be the citizen's."""


class CardLock(LockTarget):
    """Something that a card is locked for."""

    title: str | None = None
    """What the department is called."""
    since: Timestamp


class CardLocks(Message):
    """Everything that a person's card is locked for, in the order in which it was locked."""

    locks: list[CardLock]
