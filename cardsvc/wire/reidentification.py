"""Finding out whom a department knows by a name of its own: one officer asks, another agrees, and the first is told."""

from __future__ import annotations

from uuid import UUID

from cardsvc.wire.approvals import Reason
from cardsvc.wire.base import Code, Message, Timestamp
from cardsvc.wire.departments import Pseudonym
from cardsvc.wire.people import Occasion


class DepartmentPseudonym(Message):
    """A name, and whose it is."""

    department: Code
    pseudonym: Pseudonym


class ReidentificationRequest(DepartmentPseudonym):
    """Ask a colleague to agree."""

    reason: Reason


class Reidentification(DepartmentPseudonym, Occasion):
    """Be told, once a colleague has agreed. The purpose goes on record, for the citizen to read."""


class Reidentified(DepartmentPseudonym):
    """Whom the name stands for. To see more, open the person."""

    citizen_id: UUID
    reason: str
    requested_by: str
    approved_by: str
    at: Timestamp
