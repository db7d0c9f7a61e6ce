"""Opening and settling cases. A case is settled once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import NewCase, Service
from kiosk.departments.contract.inbox.models import OPEN, WITHDRAWN, Case


class CaseRefused(Exception):
    """Raised when a case is not there, is settled, or cannot be settled so. Says what to do."""


def open_case(session: Session, case: NewCase, *, receipt: str, service: str, pseudonym: str, now: datetime) -> None:
    """Put it before the officers."""
    lines = [line.model_dump(mode="json") for line in case.lines]
    session.add(Case(receipt=receipt, service=service, pseudonym=pseudonym, lines=lines, opened_at=now))


def settle(
    session: Session, service: Service, case_id: UUID, verdict: str, *, note: str, officer: str, now: datetime
) -> None:
    """Give a verdict, and do what follows from it, or neither. Raises CaseRefused."""
    if verdict not in service.verdicts:
        raise CaseRefused("This is no verdict of this service. Load the page again.")
    decided = {"verdict": verdict, "note": note or None, "decided_by": officer, "decided_at": now}
    waiting = update(Case).where(Case.id == case_id, Case.service == service.description.code, OPEN)
    with session.begin_nested():
        receipt = session.scalars(waiting.values(decided).returning(Case.receipt)).one_or_none()
        if receipt is None:
            raise CaseRefused("Somebody else has settled this case. Load the page again to see how.")
        if service.settled is not None:
            service.settled(session, receipt, verdict, now)


def withdraw(session: Session, receipt: str, pseudonym: str, services: Sequence[str], now: datetime) -> str | None:
    """Close a citizen's own open case of one of these services; the service, or None where there is no such case."""
    mine = (Case.receipt == receipt, Case.pseudonym == pseudonym, Case.service.in_(services))
    closed = update(Case).where(*mine, OPEN).values(verdict=WITHDRAWN, decided_at=now)
    return session.scalars(closed.returning(Case.service)).one_or_none()


def get_case(session: Session, case_id: UUID) -> Case:
    """Raises CaseRefused."""
    case = session.get(Case, case_id)
    if case is None:
        raise CaseRefused("There is no such case.")
    return case


def open_cases(session: Session) -> Sequence[Case]:
    """Who waits longest comes first."""
    return session.scalars(select(Case).where(OPEN).order_by(Case.opened_at, Case.id)).all()


def settled_cases(session: Session, most: int) -> Sequence[Case]:
    """The newest first."""
    return session.scalars(select(Case).where(~OPEN).order_by(Case.decided_at.desc(), Case.id).limit(most)).all()


def cases_of(session: Session, pseudonym: str, most: int) -> Sequence[Case]:
    """A citizen's, the newest first."""
    mine = select(Case).where(Case.pseudonym == pseudonym)
    return session.scalars(mine.order_by(Case.opened_at.desc(), Case.id).limit(most)).all()
