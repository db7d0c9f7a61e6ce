"""Guardians: who acts for minors, and for adults whom an authority has given one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.citizens.errors import GuardianRefused
from cardsvc.citizens.models import Guardianship
from cardsvc.citizens.service import get_citizen, open_person
from cardsvc.db import new_id
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import people as wire

OF_AGE: Final = 18


def appoint(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    request: wire.GuardianRequest,
    *,
    actor: Principal,
    now: datetime,
) -> list[wire.Guardian]:
    """Let somebody act for a person; everybody who may then.

    Raises CitizenNotFound, RecipientDecides, PersonErased, GuardianRefused.
    """
    ward = get_citizen(session, citizen_id, to_change=True)
    guardian = get_citizen(session, request.guardian_id)
    for citizen in (ward, guardian):
        require_not_recipient(session, actor.client_id, citizen.id)
    if ward.id == guardian.id:
        raise GuardianRefused("same-person", "Nobody is their own guardian.")
    if is_minor(open_person(keystore, guardian).birth_date, now.date()):
        raise GuardianRefused("guardian-is-minor", "A guardian is of age.")
    if request.relation is wire.Relation.PARENT and not is_minor(open_person(keystore, ward).birth_date, now.date()):
        raise GuardianRefused("person-of-age", "Parents act for minors. For an adult, an authority appoints.")
    if _present(session, ward.id, guardian.id):
        raise GuardianRefused("acts-already", "This person acts for that one already.")
    session.add(
        Guardianship(
            id=new_id(), citizen_id=ward.id, guardian_id=guardian.id, relation=request.relation, since=now, until=None
        )
    )
    for subject in (ward.id, guardian.id):
        _record(session, "guardian.appoint", subject, actor, now, relation=request.relation.value)
    return guardians_of(session, ward.id)


def dismiss(
    session: Session, citizen_id: UUID, guardian_id: UUID, *, actor: Principal, now: datetime
) -> list[wire.Guardian]:
    """From now on this person acts for that one no more. Raises CitizenNotFound, GuardianRefused."""
    ward = get_citizen(session, citizen_id, to_change=True)
    present = _present(session, ward.id, guardian_id)
    if not present:
        raise GuardianRefused("does-not-act", "This person does not act for that one.")
    for row in present:
        row.until = now
    for subject in (ward.id, guardian_id):
        _record(session, "guardian.dismiss", subject, actor, now)
    return guardians_of(session, ward.id)


def guardians_of(session: Session, citizen_id: UUID) -> list[wire.Guardian]:
    """Who acts for a person now."""
    session.flush()
    statement = (
        select(Guardianship)
        .where(Guardianship.citizen_id == citizen_id, Guardianship.until.is_(None))
        .order_by(Guardianship.id)
    )
    return [
        wire.Guardian(guardian_id=row.guardian_id, relation=row.relation, since=row.since)
        for row in session.scalars(statement)
    ]


def acts_for(session: Session, guardian_id: UUID, citizen_id: UUID) -> bool:
    """Whether somebody may act for a person now."""
    return bool(_present(session, citizen_id, guardian_id))


def is_minor(birth_date: date, today: date) -> bool:
    """Whether somebody is not of age yet; who is born on 29 February comes of age on 1 March."""
    reached = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not reached) < OF_AGE


def _present(session: Session, citizen_id: UUID, guardian_id: UUID) -> list[Guardianship]:
    statement = select(Guardianship).where(
        Guardianship.citizen_id == citizen_id,
        Guardianship.guardian_id == guardian_id,
        Guardianship.until.is_(None),
    )
    return list(session.scalars(statement))


def _record(session: Session, event: str, citizen_id: UUID, actor: Principal, now: datetime, **detail: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor.client_id, now=now, citizen_id=citizen_id, **detail)
