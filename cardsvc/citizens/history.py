"""What the audit log says about one citizen: who looked, when, why, and who was told what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import StepUpRequired
from cardsvc.authentication.visits import VisitTimes, open_visit
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.citizens.deeds import PURPOSES, Words, deed_of
from cardsvc.citizens.service import get_citizen
from cardsvc.departments.errors import PolicyInvalid
from cardsvc.departments.models import Department, Policy
from cardsvc.departments.policy import parse_policy
from cardsvc.paging import EVERYTHING, Wanted, page
from cardsvc.wire import history as wire
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.sealed import Opening

EVENT: Final = "access-history.read"


def access_history(
    session: Session, citizen_id: UUID, wanted: Wanted, *, actor: Principal, now: datetime
) -> wire.AccessHistory:
    """For an auditor, newest first. The look is on record. Raises CitizenNotFound, CursorRefused."""
    history = read_history(session, citizen_id, wanted)
    record(session, event=EVENT, outcome=OK, actor=actor.client_id, now=now, citizen_id=citizen_id)
    return history


def own_access_history(
    session: Session,
    request: wire.AccessHistoryRequest,
    *,
    actor: Principal,
    now: datetime,
    times: VisitTimes,
) -> wire.AccessHistory:
    """For the citizen who stands at a kiosk, and has entered the PIN: a found card must not tell this.

    Raises VisitRefused, StepUpRequired, LockedByCitizen.
    """
    visit = open_visit(session, request.visit_token, actor=actor, now=now, times=times)
    if visit.level < Level.PIN:
        raise StepUpRequired(Level.PIN)
    visit.last_used_at = now
    history = read_history(session, visit.citizen_id, Wanted(request.limit, request.cursor))
    record(
        session,
        event=EVENT,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=visit.citizen_id,
        card_id=visit.card_id,
    )
    return history


def read_history(session: Session, citizen_id: UUID, wanted: Wanted = EVERYTHING) -> wire.AccessHistory:
    """A page, for whoever writes down that it was read. Raises CitizenNotFound, CursorRefused."""
    citizen = get_citizen(session, citizen_id)
    statement = select(AuditRecord).where(AuditRecord.citizen_id == citizen_id)
    shown = page(session, statement, AuditRecord.citizen_counter, wanted, newest=True)
    names = _Names.read(session, shown.rows)
    return wire.AccessHistory(
        entries=[_entry(row, names) for row in shown.rows], total=citizen.audit_counter, next=shown.next
    )


@dataclass(frozen=True)
class _Names:
    """What departments, kiosks and purposes on a page are called."""

    titles: Mapping[str, str]
    """By client id; none of officers."""
    departments: Mapping[str, str]
    """Codes by audience."""
    purposes: Mapping[tuple[str, int], Mapping[str, Words]]
    """By department and version of its policy."""

    @classmethod
    def read(cls, session: Session, rows: Sequence[AuditRecord]) -> _Names:
        codes = select(Department.code)
        departments = {department_audience(code): code for code in session.scalars(codes)}
        actors = {row.actor for row in rows} | set(departments.values())
        callers = select(Caller.client_id, Caller.title).where(
            Caller.client_id.in_(actors), Caller.kind != CallerKind.OFFICER
        )
        versions = {(row.actor, _whole(row.detail.get("policy_version"))) for row in rows}
        return cls(dict(session.execute(callers).all()), departments, _purposes(session, versions))

    def department_of(self, row: AuditRecord) -> str | None:
        """The department that asked or was told."""
        if row.actor in self.departments.values():
            return row.actor
        return self.departments.get(str(row.detail.get("audience")))

    def purpose_of(self, row: AuditRecord) -> Words | None:
        """What a purpose is called: in the policy that the department asked under, or among officers'."""
        code, version = row.detail.get("purpose"), _whole(row.detail.get("policy_version"))
        if version is None:
            return PURPOSES.get(str(code))
        return self.purposes.get((row.actor, version), {}).get(str(code))


def _purposes(session: Session, versions: set[tuple[str, int | None]]) -> Mapping[tuple[str, int], Mapping[str, Words]]:
    statement = (
        select(Department.code, Policy.version, Policy.terms)
        .join(Policy, Policy.department_id == Department.id)
        .where(Department.code.in_({code for code, _ in versions}))
        .where(Policy.version.in_({version for _, version in versions if version is not None}))
    )
    return {(code, version): _titles(terms) for code, version, terms in session.execute(statement)}


def _titles(terms: Any) -> Mapping[str, Words]:
    try:
        return parse_policy(terms).purposes
    except PolicyInvalid:  # changed by hand: the history is told all the same
        return {}


def _entry(row: AuditRecord, names: _Names) -> wire.AccessEntry:
    detail: dict[str, Any] = row.detail
    if "sealed" in detail:
        return _released(row, Opening.model_validate(detail["sealed"]))
    deed, words = deed_of(row.event)
    department, purpose_words = names.department_of(row), names.purpose_of(row)
    return wire.AccessEntry(
        number=row.citizen_counter or 0,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        actor=row.actor,
        actor_title=names.titles.get(row.actor),
        deed=deed,
        words=dict(words),
        purpose=_text(detail.get("purpose")),
        purpose_words=None if purpose_words is None else dict(purpose_words),
        reference=_text(detail.get("reference")),
        department=department,
        department_title=None if department is None else names.titles.get(department),
        service=_text(detail.get("service")),
        policy_version=_whole(detail.get("policy_version")),
        audience=_text(detail.get("audience")),
        attributes=_names(detail.get("attributes")),
        questions=_names(detail.get("questions")),
    )


def _released(row: AuditRecord, opening: Opening) -> wire.AccessEntry:
    """What was kept secret until it was released, as it happened then."""
    content = json.loads(opening.content)
    deed, words = deed_of(content["event"])
    return wire.AccessEntry(
        number=row.citizen_counter or 0,
        at=content["at"],
        event=content["event"],
        outcome=row.outcome,
        actor=content["actor"],
        deed=deed,
        words=dict(words),
        reference=content["reference"],
        released_at=row.at,
        sealed=opening,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _names(value: object) -> list[str] | None:
    return [str(name) for name in value] if isinstance(value, list) else None
