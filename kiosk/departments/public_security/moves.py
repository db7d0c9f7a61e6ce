"""Changing one's residence: the register follows when an officer has agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.applications import Applicant, State, decide, make
from kiosk.departments.public_security.models import Move, Residence

LATEST: Final = timedelta(days=365)
"""A move is told within a year."""
DISTRICTS: Final[Mapping[str, Texts]] = {
    "hengqin": texts("Hengqin", "横琴", "Hengqin"),
    "xiangzhou": texts("Xiangzhou", "香洲", "Xiangzhou (Zhuhai)"),
    "doumen": texts("Doumen", "斗门", "Doumen (Zhuhai)"),
    "jinwan": texts("Jinwan", "金湾", "Jinwan (Zhuhai)"),
}
FIRST_RESIDENCES: Final[tuple[dict[str, Any], ...]] = (
    {
        "document_number": "M1234567",
        "district": "hengqin",
        "address": "横琴港澳大道868号1栋1204",
        "since": date(2019, 6, 10),
    },
    {
        "document_number": "H7654321",
        "district": "hengqin",
        "address": "横琴荣澳道12号3栋801",
        "since": date(2021, 12, 1),
    },
)
"""What the register held on the day the department opened."""


class DayImpossible(ServiceRefused):
    """Raised when somebody cannot have moved on that day."""

    code = "day-impossible"
    title = "The day of the move is not possible"
    message = texts(
        "The day you moved must be within the last year, and after you moved to where you live now.",
        "迁入日期应在最近一年内，且晚于现住址的迁入日期。",
        "O dia da mudança tem de ser no último ano e depois de ter ido viver para a morada atual.",
    )


class AlreadyThere(ServiceRefused):
    """Raised when the register has this residence already."""

    code = "already-there"
    title = "The register has this residence already"
    message = texts(
        "The register has this address for you already.",
        "登记簿中您的住址已是该地址。",
        "O registo já tem esta morada em seu nome.",
    )


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives now."""

    district: str
    """One of `DISTRICTS`."""
    street: str = field(repr=False)


def apply_for_move(session: Session, who: Applicant, to: Address, moved_on: date, now: datetime) -> Move:
    """Tell that one has moved, once for a receipt.

    Raises:
        DayImpossible, AlreadyThere: it cannot be so.
        AlreadyApplied: another move is being looked at.
    """
    move = Move(
        receipt=who.receipt,
        pseudonym=who.pseudonym,
        document_number=who.document_number,
        state=State.OPEN,
        made_at=now,
        district=to.district,
        address=to.street,
        moved_on=moved_on,
    )
    _check(residence_of(session, who.document_number), move, city_date(now))
    return make(session, move)


def decide_move(session: Session, receipt: str, *, granted: bool, now: datetime) -> None:
    """What an officer says; where it is granted, the register has the new residence from the day of the move on."""
    move = decide(session, Move, receipt, granted=granted, now=now)
    if move is None or not granted:
        return
    before = residence_of(session, move.document_number)
    if before is not None:
        before.until = move.moved_on
        session.flush()  # before the new one: the table has room for one present residence
    session.add(
        Residence(
            document_number=move.document_number, district=move.district, address=move.address, since=move.moved_on
        )
    )
    session.flush()


def residence_of(session: Session, document: str) -> Residence | None:
    """Where this person lives, as the register has it."""
    present = (Residence.document_number == document, Residence.until.is_(None))
    return session.scalars(select(Residence).where(*present)).one_or_none()


def seed_residences(session: Session) -> None:
    """Put in the first residences, for whom there is none yet."""
    for residence in FIRST_RESIDENCES:
        session.execute(insert_into(session, Residence).values(id=new_id(), **residence).on_conflict_do_nothing())


def _check(present: Residence | None, move: Move, today: date) -> None:
    earliest = today - LATEST if present is None else max(today - LATEST, present.since)
    if not earliest <= move.moved_on <= today:
        raise DayImpossible
    if present is not None and (present.district, present.address) == (move.district, move.address):
        raise AlreadyThere
