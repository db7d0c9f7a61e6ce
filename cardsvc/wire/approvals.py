"""Approvals: what one officer asks for and another grants."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from cardsvc.wire.base import LINES, TRIMMED, Message, Page, Timestamp

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINES), TRIMMED]
"""Why something is done, for colleagues and auditors. No personal data: it stays when a person is erased."""


class ApprovalKind(StrEnum):
    """What takes two people."""

    PUK_RELEASE = "puk-release"
    """Unblocking a card. The subject is the card's UUID."""
    REINSTATEMENT = "reinstatement"
    """Putting a lost card that was found into force again. The subject is the card's UUID."""
    STOCK_WRITE_OFF = "stock-write-off"
    """Taking a blank or spoilt card off the books. The subject is the card's UUID."""
    DEATH = "death"
    """Revoking the cards of somebody who died or moved away. The subject is the citizen's id."""
    DEATH_REVERSAL = "death-reversal"
    """A death or removal that was reported wrongly. The subject is the citizen's id."""
    ROLE_GRANT = "role-grant"
    POLICY_PUBLICATION = "policy-publication"
    """What a department may learn. The subject is the draft's id."""
    FLEET_PLAN = "fleet-plan"
    """What kiosks offer, and how they behave. The subject is the draft's id."""
    ERASURE = "erasure"
    """Erasing a person's data. The subject is the citizen's id."""
    REIDENTIFICATION = "reidentification"
    """Finding out whom a department knows by a name. The subject is given when that is asked for."""
    KEY_CEREMONY = "key-ceremony"
    """Renewing the issuing CA or revoking a key of it. The subject is in the help of `cardsvc trust`."""


class ApprovalState(StrEnum):
    """How far an approval is."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    SPENT = "spent"
    EXPIRED = "expired"


class ApprovalRequest(Message):
    """Ask a colleague for something that takes two."""

    kind: ApprovalKind
    subject_id: UUID
    reason: Reason


class ApprovalRefusal(Message):
    """Say no. The reason is for the colleague who asked."""

    reason: Reason


class Approval(Message):
    """What was asked for, and what came of it."""

    id: UUID
    kind: ApprovalKind
    subject_id: UUID
    state: ApprovalState
    reason: str
    requested_by: str
    requested_at: Timestamp
    expires_at: Timestamp
    """Until then it can be granted or refused; once granted, used."""
    decided_by: str | None = None
    decided_at: Timestamp | None = None
    refusal: str | None = None
    spent_by: str | None = None
    spent_at: Timestamp | None = None


class ApprovalList(Page):
    """The approvals that were asked for, newest first."""

    approvals: list[Approval]
