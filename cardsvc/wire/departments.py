"""Departments and what each may learn, as administrators see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from cardsvc.wire.approvals import Approval, Reason
from cardsvc.wire.base import Code, Message, Page, Timestamp
from cardsvc.wire.officers import PublicJwk, Title
from cardsvc.wire.policies import PolicyTerms


class DepartmentRequest(Message):
    """Let a department take part. It is told nothing until a policy is published for it."""

    code: Code
    title: Title
    public_jwk: PublicJwk


class DepartmentChange(Message):
    """Change what a department is called."""

    title: Title


class Department(Message):
    """A department that takes part, or did."""

    code: Code
    title: str
    created_at: Timestamp
    disabled_at: Timestamp | None = None
    policy_version: int
    """The version in force; 0 when there is none yet."""


class DepartmentList(Page):
    """All departments, by code."""

    departments: list[Department]


class PolicyDraftRequest(PolicyTerms):
    """Ask a colleague to agree to the next version of a policy. It replaces the version in force as a whole."""

    reason: Reason


class Policy(PolicyTerms):
    """A version of a policy that was published."""

    version: int
    published_by: str
    published_at: Timestamp


class PolicyDraft(PolicyTerms):
    """A version that is not in force: a second officer approves it, then it can be published."""

    id: UUID
    """The subject of the approval."""
    department: Code
    changes_version: int
    """The version that was in force when it was drafted; 0 for none."""
    drafted_by: str
    drafted_at: Timestamp
    published_version: int | None = None
    approval: Approval | None = None


class PolicyHistory(Page):
    """Every version there was, and what waits to become one, newest first."""

    policies: list[Policy]
    drafts: list[PolicyDraft]


class CardStanding(StrEnum):
    """Whether somebody has a card in force."""

    IN_FORCE = "in-force"
    HELD = "held"
    """Stopped for now."""
    NONE = "none"
    """No card in force, and none that only waits."""
    UNKNOWN = "unknown"
    """The department was never told about anybody of this name, or the person was erased."""


Pseudonym = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""The ``sub`` of an assertion: the name by which one department knows a citizen."""


class AboutPeople(Message):
    """Something is asked about one to a thousand people."""

    pseudonyms: list[Pseudonym] = Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True})
    purpose: Code
    """What the department wants to know it for, for example ``benefit-review``. The citizens can read it."""

    @field_validator("pseudonyms")
    @classmethod
    def _once(cls, pseudonyms: list[str]) -> list[str]:
        if len(set(pseudonyms)) != len(pseudonyms):
            raise ValueError("ask about everybody once")
        return pseudonyms


class StandingQuestion(AboutPeople):
    """Ask how the cards of one to a thousand people stand."""


class StandingAnswer(Message):
    """One person."""

    pseudonym: Pseudonym
    standing: CardStanding
    verification_id: UUID | None = None
    """With it evidence of this answer is fetched. None when the person is unknown: nothing was told about anybody."""


class CardStandings(Message):
    """How the cards stood at ``asked_at``, in the order of the question."""

    asked_at: Timestamp
    policy_version: int
    """The version of the department's policy under which this was answered."""
    answers: list[StandingAnswer]
