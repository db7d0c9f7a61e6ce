"""What the service refuses, and why. The errors of each domain are in its folder.

An error carries data and no HTTP: `api/problems.py` alone knows which status each becomes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self
from uuid import UUID


class ServiceError(Exception):
    """Base of every refusal. ``code`` is the stable name for programs, ``title`` says it in words."""

    code: ClassVar[str]
    title: ClassVar[str]
    leaves_record: ClassVar[bool] = True
    """Whether an attempt that is refused so is written down."""

    def __init__(self, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data
        self.on_record = False
        """Whether whoever refused has written it down, in a transaction that is committed."""
        self.citizen_id: UUID | None = None
        self.card_id: UUID | None = None
        """Whom it was about, for the record; whoever asked does not hear of it."""

    def about(self, citizen_id: UUID, card_id: UUID) -> Self:
        """This refusal, of something about this citizen and this card."""
        self.citizen_id, self.card_id = citizen_id, card_id
        return self

    def recorded(self) -> Self:
        """This refusal, which is on record already."""
        self.on_record = True
        return self
