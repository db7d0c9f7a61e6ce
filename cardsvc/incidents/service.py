"""Reporting incidents and closing them; who is on duty where."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cardsvc.audit.service import OK, Draft, record, record_all
from cardsvc.callers.principal import Principal
from cardsvc.db import new_id
from cardsvc.departments.inquiries import acquaintances
from cardsvc.departments.models import Department
from cardsvc.departments.repository import calling_department, lock_department
from cardsvc.incidents.errors import IncidentClosed, IncidentNotFound, IncidentNotYet
from cardsvc.incidents.models import Incident
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import incidents as wire

REPORT: Final = "incident.report"
AFFECTS: Final = "incident.affects"
"""In the records of somebody whom it may affect."""
CLOSE: Final = "incident.close"
CONTACT: Final = "department.contact"


def set_contact(session: Session, code: str, contact: wire.Contact, *, actor: str, now: datetime) -> Department:
    """Say who is on duty at a department. The record says what was changed, not to what. Raises DepartmentNotFound."""
    department = lock_department(session, code)
    before, after = department.contact or {}, contact.model_dump()
    department.contact = after
    changed = sorted(member for member, value in after.items() if before.get(member) != value)
    record(session, event=CONTACT, outcome=OK, actor=actor, now=now, department=code, changed=changed)
    return department


def describe_contact(department: Department) -> wire.DepartmentContact:
    """As it was set."""
    contact = None if department.contact is None else wire.Contact.model_validate(department.contact)
    return wire.DepartmentContact(department=department.code, contact=contact)


def report(session: Session, told: wire.IncidentReport, *, actor: Principal, now: datetime) -> Incident:
    """Note an incident, and in the records of each person whom it may affect that it may.

    Raises DepartmentNotFound for callers that are no department, IncidentNotYet.
    """
    department = calling_department(session, actor)
    if told.since > now:
        raise IncidentNotYet
    known = acquaintances(session, department, told.pseudonyms)
    incident = Incident(
        id=new_id(),
        department_id=department.id,
        department=department,
        what=told.what,
        since=told.since,
        people=len(known),
        unknown=len(told.pseudonyms) - len(known),
        reported_at=now,
    )
    session.add(incident)
    session.flush()
    named = {"incident": str(incident.id)}
    counts = named | {"people": incident.people, "unknown": incident.unknown}
    drafts = [Draft(REPORT, OK, actor.client_id, now, detail=counts)]
    drafts += [Draft(AFFECTS, OK, actor.client_id, now, citizen_id=person, detail=named) for person in known.values()]
    record_all(session.connection(), drafts)
    return incident


def close(session: Session, incident_id: UUID, resolution: str, *, actor: str, now: datetime) -> Incident:
    """Say what came of an incident. Raises IncidentNotFound, IncidentClosed."""
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise IncidentNotFound
    if incident.closed_at is not None:
        raise IncidentClosed
    incident.closed_at, incident.closed_by, incident.resolution = now, actor, resolution
    record(session, event=CLOSE, outcome=OK, actor=actor, now=now, incident=str(incident_id))
    return incident


def list_incidents(
    session: Session, departments: Collection[str], state: wire.IncidentState | None, wanted: Wanted
) -> Page[Incident]:
    """The incidents of these departments, in this state if one is named; newest first. Raises CursorRefused."""
    statement = (
        select(Incident)
        .join(Incident.department)
        .where(Department.code.in_(departments))
        .options(joinedload(Incident.department))
    )
    if state is not None:
        is_open = Incident.closed_at.is_(None)
        statement = statement.where(is_open if state is wire.IncidentState.OPEN else ~is_open)
    return page(session, statement, Incident.id, wanted, newest=True)


def describe(incident: Incident) -> wire.Incident:
    """As it is told."""
    return wire.Incident(
        id=incident.id,
        department=incident.department.code,
        state=wire.IncidentState.OPEN if incident.closed_at is None else wire.IncidentState.CLOSED,
        what=incident.what,
        since=incident.since,
        people=incident.people,
        unknown=incident.unknown,
        reported_at=incident.reported_at,
        closed_at=incident.closed_at,
        closed_by=incident.closed_by,
        resolution=incident.resolution,
    )
