"""What the audit log says about one citizen: who looked, when, why, and who was told what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import StepUpRequired
from cardsvc.authentication.visits import VisitTimes, open_visit
from cardsvc.callers.principal import Principal
from cardsvc.citizens.service import get_citizen
from cardsvc.wire import people as wire
from cardsvc.wire.levels import Level

MOST: Final = 100


def access_history(session: Session, citizen_id: UUID, *, before: int | None = None) -> wire.AccessHistory:
    """The newest entries, or those before one. Raises CitizenNotFound."""
    citizen = get_citizen(session, citizen_id)
    statement = (
        select(AuditRecord)
        .where(AuditRecord.citizen_id == citizen.id)
        .order_by(AuditRecord.citizen_counter.desc())
        .limit(MOST)
    )
    if before is not None:
        statement = statement.where(AuditRecord.citizen_counter < before)
    return wire.AccessHistory(entries=[_entry(row) for row in session.scalars(statement)], total=citizen.audit_counter)


def own_access_history(
    session: Session,
    request: wire.AccessHistoryRequest,
    *,
    actor: Principal,
    now: datetime,
    times: VisitTimes,
) -> wire.AccessHistory:
    """For the citizen who stands at a kiosk, and has entered the PIN: a found card must not tell this.

    Raises VisitRefused, StepUpRequired.
    """
    visit = open_visit(session, request.visit_token, actor=actor, now=now, times=times)
    if visit.level < Level.PIN:
        raise StepUpRequired(Level.PIN)
    visit.last_used_at = now
    history = access_history(session, visit.citizen_id, before=request.before)
    record(
        session,
        event="access-history.read",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=visit.citizen_id,
        card_id=visit.card_id,
    )
    return history


def _entry(row: AuditRecord) -> wire.AccessEntry:
    detail: dict[str, Any] = row.detail
    return wire.AccessEntry(
        number=row.citizen_counter or 0,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        actor=row.actor,
        purpose=_text(detail.get("purpose")),
        audience=_text(detail.get("audience")),
        attributes=_names(detail.get("attributes")),
        questions=_names(detail.get("questions")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _names(value: object) -> list[str] | None:
    return [str(name) for name in value] if isinstance(value, list) else None
