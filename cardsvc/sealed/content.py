"""What is in a sealed entry, and its bytes: always as many, so that their number says nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from cardsvc.wire.sealed import SALT_SIZE, commitment

PLAIN_SIZE: Final = 1024
_LENGTH_SIZE: Final = 2
_TURN_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class Content:
    """One thing that was done in an investigation."""

    event: str
    outcome: str
    actor: str
    at: datetime
    investigation: UUID
    citizen: UUID | None
    """None when the person who was asked for is not there."""
    reference: str
    release_on: date

    def __bytes__(self) -> bytes:
        """What is committed to: JSON with sorted members, as the audit log writes it."""
        members = {
            "v": 1,
            "event": self.event,
            "outcome": self.outcome,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "investigation": str(self.investigation),
            "citizen": None if self.citizen is None else str(self.citizen),
            "reference": self.reference,
            "release_on": self.release_on.isoformat(),
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Content:
        """What ``bytes(content)`` gave."""
        members: dict[str, Any] = json.loads(raw)
        citizen = members["citizen"]
        return cls(
            event=members["event"],
            outcome=members["outcome"],
            actor=members["actor"],
            at=datetime.fromisoformat(members["at"]),
            investigation=UUID(members["investigation"]),
            citizen=None if citizen is None else UUID(citizen),
            reference=members["reference"],
            release_on=date.fromisoformat(members["release_on"]),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A content, or nothing, and the salt of the commitment to it."""

    salt: bytes = field(repr=False)
    content: bytes = b""
    turn: int = 0
    """How often its batch had been written anew. Sealed with it: a column would say which place was taken when."""

    @property
    def is_free(self) -> bool:
        """Whether the place is not taken."""
        return not self.content

    @property
    def commitment(self) -> bytes:
        """What is published about it."""
        return commitment(self.salt, self.content)

    def __bytes__(self) -> bytes:
        """`PLAIN_SIZE` bytes. Raises ValueError for a content that is too long."""
        length = len(self.content).to_bytes(_LENGTH_SIZE)
        written = self.salt + length + self.content
        if len(written) > PLAIN_SIZE - _TURN_SIZE:
            raise ValueError("the content of a sealed entry is too long")
        return written.ljust(PLAIN_SIZE - _TURN_SIZE, b"\0") + self.turn.to_bytes(_TURN_SIZE)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Entry:
        """What ``bytes(entry)`` gave."""
        begin = SALT_SIZE + _LENGTH_SIZE
        length = int.from_bytes(raw[SALT_SIZE:begin])
        return cls(raw[:SALT_SIZE], raw[begin : begin + length], int.from_bytes(raw[-_TURN_SIZE:]))
