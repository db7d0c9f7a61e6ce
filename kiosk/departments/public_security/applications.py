"""Making and deciding applications: one of a kind at a time for a person, decided once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.models import Move, Renewal

_Kind = TypeVar("_Kind", Renewal, Move)


class State(StrEnum):
    """How it stands with an application."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, under which receipt."""

    receipt: str
    pseudonym: str = field(repr=False)
    document_number: str = field(repr=False)


class AlreadyApplied(ServiceRefused):
    """Raised when an application of this kind is being looked at."""

    code = "already-applied"
    title = "There is an open application of this kind already"
    message = texts(
        "You have applied for this already, and we are working on it.",
        "您已提交同类申请，正在办理中。",
        "Já fez este pedido e estamos a tratar dele.",
    )


def make(session: Session, application: _Kind) -> _Kind:
    """Put an application in, once for its receipt: the same again gives what was put in. Raises AlreadyApplied."""
    kind = type(application)
    columns = {column.key: getattr(application, column.key) for column in kind.__table__.columns}
    session.execute(insert_into(session, kind).values(**columns).on_conflict_do_nothing())
    made = session.get(kind, application.receipt)
    if made is None:
        raise AlreadyApplied
    return made


def decide(session: Session, kind: type[_Kind], receipt: str, *, granted: bool, now: datetime) -> _Kind | None:
    """What an officer says to an application; the application, or None when it was decided before."""
    return _close(session, kind, receipt, State.GRANTED if granted else State.REFUSED, now)


def withdraw(session: Session, kind: type[_Kind], receipt: str, now: datetime) -> None:
    """What its applicant took back; they can apply again."""
    _close(session, kind, receipt, State.WITHDRAWN, now)


def _close(session: Session, kind: type[_Kind], receipt: str, state: State, now: datetime) -> _Kind | None:
    waiting = update(kind).where(kind.receipt == receipt, kind.state == State.OPEN)
    said = waiting.values(state=state, decided_at=now)
    if session.scalars(said.returning(kind.receipt)).one_or_none() is None:
        return None
    return session.scalars(select(kind).where(kind.receipt == receipt).execution_options(populate_existing=True)).one()
