"""Whom an approval is about: that person has no part in it, should they be an officer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.callers.errors import RoleGrantUnknown
from cardsvc.callers.models import Caller, RoleGrant
from cardsvc.cards.repository import get_card
from cardsvc.citizens.errors import CitizenNotFound
from cardsvc.citizens.models import Citizen
from cardsvc.departments.errors import PolicyDraftNotFound, PseudonymUnknown
from cardsvc.departments.models import Acquaintance, PolicyDraft
from cardsvc.fleet.errors import FleetPlanNotFound
from cardsvc.fleet.models import FleetPlan
from cardsvc.wire.approvals import ApprovalKind


def _of_card(session: Session, card_uuid: UUID) -> UUID | None:
    return get_card(session, card_uuid).citizen_id


def _itself(session: Session, citizen_id: UUID) -> UUID | None:
    if session.get(Citizen, citizen_id) is None:
        raise CitizenNotFound
    return citizen_id


def _of_officer(session: Session, grant_id: UUID) -> UUID | None:
    return _officer(session, grant_id).citizen_id


def _officer(session: Session, grant_id: UUID) -> Caller:
    return session.get_one(Caller, _grant(session, grant_id).caller_id)


def _grant(session: Session, grant_id: UUID) -> RoleGrant:
    grant = session.get(RoleGrant, grant_id)
    if grant is None:
        raise RoleGrantUnknown
    return grant


def _of_acquaintance(session: Session, acquaintance_id: UUID) -> UUID | None:
    acquaintance = session.get(Acquaintance, acquaintance_id)
    if acquaintance is None:
        raise PseudonymUnknown
    return acquaintance.citizen_id


def _of_nobody(session: Session, draft_id: UUID) -> UUID | None:
    _draft(session, draft_id)
    return None


def _draft(session: Session, draft_id: UUID) -> PolicyDraft:
    draft = session.get(PolicyDraft, draft_id)
    if draft is None:
        raise PolicyDraftNotFound
    return draft


def _of_fleet(session: Session, draft_id: UUID) -> UUID | None:
    _plan(session, draft_id)
    return None


def _plan(session: Session, draft_id: UUID) -> FleetPlan:
    plan = session.get(FleetPlan, draft_id)
    if plan is None:
        raise FleetPlanNotFound
    return plan


_AUTHORS: Final[Mapping[ApprovalKind, Callable[[Session, UUID], str]]] = {
    ApprovalKind.ROLE_GRANT: lambda session, grant_id: _grant(session, grant_id).requested_by,
    ApprovalKind.POLICY_PUBLICATION: lambda session, draft_id: _draft(session, draft_id).drafted_by,
    ApprovalKind.FLEET_PLAN: lambda session, draft_id: _plan(session, draft_id).drafted_by,
}
_CITIZENS: Final[Mapping[ApprovalKind, Callable[[Session, UUID], UUID | None]]] = {
    ApprovalKind.PUK_RELEASE: _of_card,
    ApprovalKind.REINSTATEMENT: _of_card,
    ApprovalKind.STOCK_WRITE_OFF: _of_card,
    ApprovalKind.DEATH: _itself,
    ApprovalKind.DEATH_REVERSAL: _itself,
    ApprovalKind.ERASURE: _itself,
    ApprovalKind.ROLE_GRANT: _of_officer,
    ApprovalKind.POLICY_PUBLICATION: _of_nobody,
    ApprovalKind.FLEET_PLAN: _of_fleet,
    ApprovalKind.REIDENTIFICATION: _of_acquaintance,
}


def citizen_of(session: Session, kind: ApprovalKind, subject_id: UUID) -> UUID | None:
    """The citizen whom the subject belongs to, if it is anybody's.

    Raises CardNotFound, CitizenNotFound, RoleGrantUnknown, PolicyDraftNotFound, FleetPlanNotFound,
    PseudonymUnknown.
    """
    find = _CITIZENS.get(kind)
    return None if find is None else find(session, subject_id)


def author_of(session: Session, kind: ApprovalKind, subject_id: UUID) -> str | None:
    """The client id of who wrote what is to be decided, whoever asks for the decision. Raises as `citizen_of` does."""
    find = _AUTHORS.get(kind)
    return None if find is None else find(session, subject_id)


def officer_of(session: Session, kind: ApprovalKind, subject_id: UUID) -> str | None:
    """The client id of the officer who gains by it, if one does. Raises RoleGrantUnknown."""
    return _officer(session, subject_id).client_id if kind is ApprovalKind.ROLE_GRANT else None
