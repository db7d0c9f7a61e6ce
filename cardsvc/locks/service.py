"""Citizens lock and unlock their cards at a kiosk, with the PIN; clerks unlock them for citizens who show who they are.

A found card must do neither: to lock takes a PIN as well, or whoever finds a card could keep its holder out.
A lock belongs to the citizen, not to the card, and holds for the next card, too.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import StepUpRequired
from cardsvc.authentication.models import Visit
from cardsvc.authentication.visits import VisitTimes, citizen_of_visit, open_visit
from cardsvc.callers.principal import Principal
from cardsvc.citizens import blind_index
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import get_citizen
from cardsvc.departments.errors import DepartmentNotFound
from cardsvc.departments.models import Department
from cardsvc.departments.repository import find_by_code
from cardsvc.issuance.grounds import lock_cards
from cardsvc.locks.checking import target_of, what_is_locked
from cardsvc.locks.errors import IdentityNotShown
from cardsvc.locks.models import CardLock
from cardsvc.locks.repository import add_lock, locks_of, remove_lock
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import locks as wire
from cardsvc.wire.levels import Level
from cardsvc.wire.people import Occasion

LOCKED: Final = "locks.set"
LIFTED: Final = "locks.lift"


def own_locks(
    session: Session, request: wire.LocksRequest, *, actor: Principal, now: datetime, times: VisitTimes
) -> wire.CardLocks:
    """For the citizen at a kiosk. Raises VisitRefused, StepUpRequired, LockedByCitizen."""
    visit = _open(session, request.visit_token, actor, now, times)
    _record(session, "locks.read", visit.citizen_id, actor, now, card_id=visit.card_id)
    return describe(session, visit.citizen_id)


def lock(
    session: Session, request: wire.LockRequest, *, actor: Principal, now: datetime, times: VisitTimes
) -> wire.CardLocks:
    """Lock; twice is no error. Raises VisitRefused, StepUpRequired, LockedByCitizen, DepartmentNotFound."""
    cards = lock_cards(session, citizen_of_visit(session, request.visit_token))
    visit = _open(session, request.visit_token, actor, now, times)
    if request.department is not None and find_by_code(session, request.department) is None:
        raise DepartmentNotFound
    target = target_of(request.department, request.level)
    changed = add_lock(session, visit.citizen_id, target, cards, now=now)
    _record(session, LOCKED, visit.citizen_id, actor, now, card_id=visit.card_id, lock=target, changed=changed)
    return describe(session, visit.citizen_id)


def unlock(
    session: Session, request: wire.LockRequest, *, actor: Principal, now: datetime, times: VisitTimes
) -> wire.CardLocks:
    """Unlock; what is not locked is no error. Raises VisitRefused, StepUpRequired, LockedByCitizen."""
    cards = lock_cards(session, citizen_of_visit(session, request.visit_token))
    visit = _open(session, request.visit_token, actor, now, times)
    target = target_of(request.department, request.level)
    changed = remove_lock(session, visit.citizen_id, target, cards)
    _record(session, LIFTED, visit.citizen_id, actor, now, card_id=visit.card_id, lock=target, changed=changed)
    return describe(session, visit.citizen_id)


def locks_of_person(
    session: Session, citizen_id: UUID, occasion: Occasion, *, actor: Principal, now: datetime
) -> wire.CardLocks:
    """For a clerk, with a purpose, on record. Raises CitizenNotFound."""
    get_citizen(session, citizen_id)
    _record(session, "locks.read", citizen_id, actor, now, **_why(occasion))
    return describe(session, citizen_id)


def lift_for(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    request: wire.LockLiftRequest,
    *,
    actor: Principal,
    now: datetime,
) -> wire.CardLocks:
    """Unlock for a citizen at the desk. Raises CitizenNotFound, RecipientDecides, IdentityNotShown."""
    cards = lock_cards(session, citizen_id)
    citizen = get_citizen(session, citizen_id)
    require_not_recipient(session, actor.client_id, citizen_id)
    shown = blind_index.document_token(keystore, request.document_number)
    if citizen.document_token is None or not hmac.compare_digest(citizen.document_token, shown):
        raise IdentityNotShown
    target = target_of(request.department, request.level)
    changed = remove_lock(session, citizen_id, target, cards)
    _record(session, LIFTED, citizen_id, actor, now, lock=target, changed=changed, **_why(request))
    return describe(session, citizen_id)


def describe(session: Session, citizen_id: UUID) -> wire.CardLocks:
    """As citizens and clerks see them."""
    rows = locks_of(session, citizen_id)
    codes = [code for code, _ in (what_is_locked(row.target) for row in rows) if code is not None]
    titles = dict(session.execute(select(Department.code, Department.title).where(Department.code.in_(codes))).all())
    return wire.CardLocks(locks=[_describe(row, titles) for row in rows])


def _describe(row: CardLock, titles: dict[str, str]) -> wire.CardLock:
    department, level = what_is_locked(row.target)
    title = None if department is None else titles.get(department)
    return wire.CardLock(department=department, level=level, title=title, since=row.since)


def _open(session: Session, token: str, actor: Principal, now: datetime, times: VisitTimes) -> Visit:
    visit = open_visit(session, token, actor=actor, now=now, times=times)
    if visit.level < Level.PIN:
        raise StepUpRequired(Level.PIN)
    visit.last_used_at = now
    return visit


def _why(occasion: Occasion) -> dict[str, Any]:
    return {"purpose": occasion.purpose.value} | reference_of(occasion)


def _record(session: Session, event: str, citizen_id: UUID, actor: Principal, now: datetime, **about: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor.client_id, now=now, citizen_id=citizen_id, **about)
