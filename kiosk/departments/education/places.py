"""Places at schools: who may apply for one, and who is offered which.

Nothing is decided while a round is open, so it is all the same when somebody applies. Then a school takes those who
live in its district first (Compulsory Education Law, article 12: children go to school near their home), and never
more than it has places for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.inbox.cases import CaseRefused
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.models import PlaceApplication, Places, Round, School, Wish


class State(StrEnum):
    """How it stands with an application."""

    OPEN = "open"
    OFFERED = "offered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class NoRound(ServiceRefused):
    """Raised when no round is open for children of that age."""

    code = "no-round"
    title = "No round is open for children born on that day"
    message = texts(
        "You cannot apply for children born on that day at the moment. Please ask at the counter.",
        "目前不受理该出生日期儿童的学位申请，请到服务台咨询。",
        "De momento não se pode pedir vaga para crianças nascidas nesse dia. Pergunte no balcão, por favor.",
    )


class SchoolNamedTwice(ServiceRefused):
    """Raised when a school is named twice."""

    code = "school-named-twice"
    title = "A school is named twice"
    message = texts(
        "You named one school twice. Please choose different ones.",
        "您重复填报了同一所学校，请选择不同的学校。",
        "Indicou a mesma escola duas vezes. Escolha escolas diferentes, por favor.",
    )


class AppliedAlready(ServiceRefused):
    """Raised when somebody applied for this child in this round, and was not refused."""

    code = "applied-already"
    title = "There is an application for this child in this round"
    message = texts(
        "There is an application for this child already.",
        "该儿童已有学位申请。",
        "Já há um pedido para esta criança.",
    )


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, under which receipt, for which child that lives with them."""

    receipt: str
    document_number: str = field(repr=False)
    child: str = field(repr=False)
    """The number of the child's document."""
    born: date = field(repr=False)
    district: str


def apply(session: Session, who: Applicant, schools: Sequence[str], now: datetime) -> PlaceApplication:
    """Put an application in; the school that is wanted most comes first.

    Raises:
        NoRound, SchoolNamedTwice, AppliedAlready: it cannot be made.
    """
    if len(set(schools)) != len(schools):
        raise SchoolNamedTwice
    row = insert_into(session, PlaceApplication).values(
        receipt=who.receipt,
        round=_open_round(session, who.born, city_date(now)).code,
        applicant=who.document_number,
        child=who.child,
        born=who.born,
        district=who.district,
        state=State.OPEN,
        made_at=now,
    )
    if session.scalars(row.on_conflict_do_nothing().returning(PlaceApplication.receipt)).one_or_none() is None:
        raise AppliedAlready
    wishes = [{"receipt": who.receipt, "rank": rank, "school": school} for rank, school in enumerate(schools, start=1)]
    session.execute(insert(Wish).values(wishes))
    return session.get_one(PlaceApplication, who.receipt)


def offer(session: Session, receipt: str, now: datetime) -> None:
    """Offer a place at the school that is wanted most of those that have one. Raises CaseRefused."""
    application = _undecided(session, receipt)
    if city_date(now) <= session.get_one(Round, application.round).closes_on:
        raise CaseRefused("The round is still open. Decide when it is over.")
    for school in _wishes(session, receipt):
        if not _neighbours_wait(session, application, school) and _take(session, application.round, school.code):
            application.state, application.school, application.decided_at = State.OFFERED, school.code, now
            session.flush()
            return
    raise CaseRefused("None of these schools has a place, or neighbours of the school wait. Decide on them first.")


def refuse(session: Session, receipt: str, now: datetime) -> None:
    """Offer nothing."""
    _close(session, receipt, State.REFUSED, now)


def withdraw(session: Session, receipt: str, now: datetime) -> None:
    """What its applicant took back; they can apply again while the round is open."""
    _close(session, receipt, State.WITHDRAWN, now)


def _close(session: Session, receipt: str, state: State, now: datetime) -> None:
    application = _undecided(session, receipt)
    application.state, application.decided_at = state, now


def _open_round(session: Session, born: date, today: date) -> Round:
    ours = (Round.born_from <= born, Round.born_until >= born, Round.opens_on <= today, Round.closes_on >= today)
    found = session.scalars(select(Round).where(*ours).order_by(Round.closes_on)).first()
    if found is None:
        raise NoRound
    return found


def _undecided(session: Session, receipt: str) -> PlaceApplication:
    return session.get_one(PlaceApplication, receipt, with_for_update=True, populate_existing=True)


def _wishes(session: Session, receipt: str) -> Sequence[School]:
    named = select(School).join(Wish, Wish.school == School.code).where(Wish.receipt == receipt)
    return session.scalars(named.order_by(Wish.rank)).all()


def _neighbours_wait(session: Session, application: PlaceApplication, school: School) -> bool:
    """Whether somebody from the school's own district, who named it, is not decided upon; where this one is not."""
    if application.district == school.district:
        return False
    waiting = select(PlaceApplication.receipt).join(Wish, Wish.receipt == PlaceApplication.receipt)
    neighbours = waiting.where(
        PlaceApplication.round == application.round,
        PlaceApplication.state == State.OPEN,
        PlaceApplication.district == school.district,
        Wish.school == school.code,
    )
    return session.scalars(neighbours.limit(1)).one_or_none() is not None


def _take(session: Session, round_: str, school: str) -> bool:
    free = update(Places).where(Places.round == round_, Places.school == school, Places.offered < Places.capacity)
    taken = free.values(offered=Places.offered + 1).returning(Places.offered)
    return session.scalars(taken).one_or_none() is not None
