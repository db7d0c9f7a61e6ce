"""Officers: let in by one administrator, given roles by two people, put out at once.

Whoever is let in can do nothing. A role is asked for by one administrator, approved by another officer, and takes
effect when the first one says so; the officer whom it is for has no part in it. Taking away needs one person: it must
not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals import service as approvals
from cardsvc.approvals.errors import RecipientDecides
from cardsvc.approvals.repository import describe as describe_approval
from cardsvc.approvals.repository import find_newest
from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import (
    CallerDisabled,
    CallerUnknown,
    LastAdministrator,
    OwnCardRefused,
    ResidentKnown,
    RoleGrantUnknown,
    RoleHeld,
    RoleNotHeld,
)
from cardsvc.callers.models import Caller, CallerKind, RoleGrant
from cardsvc.callers.possession import is_proved
from cardsvc.callers.repository import names_of
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.cards.models import Card
from cardsvc.citizens.service import get_citizen
from cardsvc.db import new_id
from cardsvc.offices.service import code_of, get_office
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import officers as wire
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.officers import Role


def add_officer(
    session: Session,
    *,
    client_id: str,
    title: str,
    public_jwk: Mapping[str, Any],
    office: str | None,
    citizen_id: UUID | None,
    actor: str,
    now: datetime,
) -> Caller:
    """Let an officer in, without any role.

    Raises OfficeUnknown, CitizenNotFound, and what `register_caller` raises.
    """
    officer = register_caller(
        session,
        client_id=client_id,
        kind=CallerKind.OFFICER,
        title=title,
        public_jwk=public_jwk,
        actor=actor,
        now=now,
    )
    _settle(session, officer, office, citizen_id)
    return officer


def change_officer(
    session: Session,
    client_id: str,
    *,
    title: str | None = None,
    office: str | None = None,
    citizen_id: UUID | None = None,
    actor: str,
    now: datetime,
) -> Caller:
    """Change what is not a role.

    Raises CallerUnknown, CallerDisabled, OfficeUnknown, CitizenNotFound, RecipientDecides when officers say which
    resident they are themselves, ResidentKnown when an officer is to be another resident: whoever is may decide about
    their own card.
    """
    officer = _enabled(session, client_id)
    if citizen_id is not None:
        _require_unsaid(session, officer, citizen_id, actor)
    officer.title = title or officer.title
    _settle(session, officer, office, citizen_id)
    given = {"title": title, "office": office, "citizen_id": citizen_id}
    changed = sorted(name for name, value in given.items() if value is not None)
    record(session, event="officer.change", outcome=OK, actor=actor, now=now, client_id=client_id, changed=changed)
    return officer


def confirm_card(
    session: Session, client_id: str, request: wire.OwnCardRequest, *, issuer: str, now: datetime
) -> Caller:
    """The officer's own word that a card is theirs: from now on the resident's cards sign them in at desks.

    Which resident that is, one administrator says alone, and could name an accomplice; only the officer's key makes it
    good. Raises CallerUnknown, CallerDisabled, OwnCardRefused.
    """
    officer = _enabled(session, client_id)
    expected = {"iss": client_id, "aud": issuer, "card_uuid": str(request.card_uuid)}
    proved = is_proved(request.proof, officer.public_jwk, typ=wire.OWN_CARD_TYP, expected=expected, now=now)
    holder = session.scalar(select(Card.citizen_id).where(Card.uuid == request.card_uuid))
    if not proved or holder is None or holder != officer.citizen_id:
        raise OwnCardRefused
    officer.card_confirmed_at = now
    record(session, event="officer.own-card", outcome=OK, actor=client_id, now=now, citizen_id=holder)
    return officer


def disable_officer(session: Session, client_id: str, *, actor: str, now: datetime) -> Caller:
    """Put an officer out: access tokens and relays end with this commit. Raises CallerUnknown, LastAdministrator."""
    administrators = _lock_administrators(session)
    officer = get_officer(session, client_id)
    _require_others(administrators, officer)
    return disable_caller(session, client_id, actor=actor, now=now)


def request_role(session: Session, client_id: str, role: Role, reason: str, *, actor: str, now: datetime) -> RoleGrant:
    """Ask a colleague for a role for an officer.

    Raises CallerUnknown, CallerDisabled, RoleHeld, RecipientDecides when somebody asks for themselves.
    """
    officer = _enabled(session, client_id)
    if client_id == actor:
        raise RecipientDecides
    if role in (officer.roles or ()):
        raise RoleHeld(role)
    grant = RoleGrant(id=new_id(), caller_id=officer.id, role=role, requested_by=actor, requested_at=now)
    session.add(grant)
    session.flush()
    approvals.request(session, ApprovalKind.ROLE_GRANT, grant.id, actor=actor, now=now, reason=reason)
    record(session, event="role.request", outcome=OK, actor=actor, now=now, client_id=client_id, role=role.value)
    return grant


def grant_role(session: Session, grant_id: UUID, *, actor: str, now: datetime) -> Caller:
    """Give the officer the role that was asked for and approved.

    Raises RoleGrantUnknown, CallerDisabled, RoleHeld, and what `approvals.spend` raises.
    """
    grant = session.get(RoleGrant, grant_id)
    if grant is None:
        raise RoleGrantUnknown
    officer = _locked(session, grant.caller_id)
    if officer.disabled_at is not None:
        raise CallerDisabled
    approval = approvals.spend(session, ApprovalKind.ROLE_GRANT, grant.id, actor=actor, now=now)
    if grant.role in (officer.roles or ()):
        raise RoleHeld(grant.role)
    officer.roles = (*(officer.roles or ()), grant.role.value)
    grant.granted_at = now
    record(
        session,
        event="role.grant",
        outcome=OK,
        actor=actor,
        now=now,
        client_id=officer.client_id,
        role=grant.role.value,
        approval=str(approval.id),
        approved_by=approval.decided_by,
    )
    return officer


def withdraw_role(session: Session, client_id: str, role: Role, *, actor: str, now: datetime) -> Caller:
    """Take a role away; what it allowed is refused from this commit on.

    Raises CallerUnknown, RoleNotHeld, LastAdministrator.
    """
    administrators = _lock_administrators(session) if role is Role.ADMINISTRATOR else None
    officer = get_officer(session, client_id)
    if role not in (officer.roles or ()):
        raise RoleNotHeld(role)
    if administrators is not None:
        _require_others(administrators, officer)
    officer.roles = tuple(held for held in officer.roles or () if held != role)
    record(session, event="role.withdraw", outcome=OK, actor=actor, now=now, client_id=client_id, role=role.value)
    return officer


def get_officer(session: Session, client_id: str) -> Caller:
    """An officer, disabled or not, locked until the commit. Raises CallerUnknown."""
    found = session.scalar(select(Caller.id).where(Caller.client_id == client_id, Caller.kind == CallerKind.OFFICER))
    if found is None:
        raise CallerUnknown("No officer has this client id.", client_id=client_id)
    return _locked(session, found)


def list_officers(session: Session, wanted: Wanted) -> Page[Caller]:
    """By client id, disabled ones too. Raises CursorRefused."""
    return page(session, select(Caller).where(Caller.kind == CallerKind.OFFICER), Caller.client_id, wanted)


def describe(session: Session, officer: Caller) -> wire.Officer:
    """As administrators see them."""
    return wire.Officer(
        client_id=officer.client_id,
        title=officer.title,
        roles=[Role(role) for role in officer.roles or ()],
        office=code_of(session, officer.office_id),
        citizen_id=officer.citizen_id,
        card_confirmed_at=officer.card_confirmed_at,
        created_at=officer.created_at,
        disabled_at=officer.disabled_at,
    )


def describe_grant(session: Session, grant: RoleGrant) -> wire.RoleGrant:
    """A role that was asked for, with the newest approval."""
    approval = find_newest(session, ApprovalKind.ROLE_GRANT, grant.id)
    return wire.RoleGrant(
        id=grant.id,
        officer=session.get_one(Caller, grant.caller_id).client_id,
        role=grant.role,
        requested_by=grant.requested_by,
        requested_at=grant.requested_at,
        granted_at=grant.granted_at,
        approval=None if approval is None else describe_approval(approval),
    )


def _enabled(session: Session, client_id: str) -> Caller:
    officer = get_officer(session, client_id)
    if officer.disabled_at is not None:
        raise CallerDisabled
    return officer


def _locked(session: Session, caller_id: UUID) -> Caller:
    return session.get_one(Caller, caller_id, with_for_update=True, populate_existing=True)


def _settle(session: Session, officer: Caller, office: str | None, citizen_id: UUID | None) -> None:
    if office is not None:
        officer.office_id = get_office(session, office).id
    if citizen_id is not None:
        officer.citizen_id = get_citizen(session, citizen_id).id


def _require_unsaid(session: Session, officer: Caller, citizen_id: UUID, actor: str) -> None:
    if officer.client_id in names_of(session, actor):
        raise RecipientDecides
    if officer.citizen_id not in (None, citizen_id):
        raise ResidentKnown


def _lock_administrators(session: Session) -> frozenset[UUID]:
    """Who they are, until the commit.

    Locked in one order, and before any other officer: two who put each other out at the same moment wait here, and not
    for each other.
    """
    statement = (
        select(Caller)
        .where(Caller.kind == CallerKind.OFFICER, Caller.disabled_at.is_(None))
        .order_by(Caller.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return frozenset(row.id for row in session.scalars(statement) if Role.ADMINISTRATOR in (row.roles or ()))


def _require_others(administrators: frozenset[UUID], officer: Caller) -> None:
    if administrators == {officer.id}:
        raise LastAdministrator
