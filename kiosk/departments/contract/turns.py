"""What one person began with a card, and another one has to go on with, with another.

It waits under the receipt number of the first, for minutes; it is gone on with once, and never by the same person: the
table itself takes no row in which both have one name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from cardsvc.wire.manifest import Language
from kiosk.departments.contract.declaration import FirstTurn, Visit
from kiosk.departments.contract.keeping import KEPT_FOR, ContractBase
from kiosk.departments.contract.refusals import NothingToContinue, SamePersonTwice


class OpenTurn(ContractBase):
    """Something that was begun."""

    __tablename__ = "open_turns"
    __table_args__ = (CheckConstraint("second <> pseudonym", name="two_people"),)

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the first; where it was signed, it stands in the document."""
    service: Mapped[str] = mapped_column(String(64))
    pseudonym: Mapped[str] = mapped_column(String(128))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON)
    input: Mapped[dict[str, Any]] = mapped_column(JSON)
    begun_at: Mapped[datetime]
    open_until: Mapped[datetime]
    language: Mapped[str | None] = mapped_column(String(10))
    """Of the document, where one was signed."""
    written_at: Mapped[datetime | None]
    second: Mapped[str | None] = mapped_column(String(128))
    """The pseudonym of whoever went on with it."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How the document was written that the first one signed."""

    receipt: str
    written_at: datetime
    language: Language


def begin(session: Session, visit: Visit, service: str, open_until: datetime, writing: Writing | None) -> None:
    """Remember it."""
    session.add(
        OpenTurn(
            receipt=visit.receipt,
            service=service,
            pseudonym=visit.visitor.pseudonym,
            attributes=dict(visit.visitor.attributes),
            input=dict(visit.input),
            begun_at=visit.now,
            open_until=open_until,
            language=None if writing is None else writing.language.value,
            written_at=None if writing is None else writing.written_at,
        )
    )


def find(session: Session, receipt: str, service: str, visit: Visit) -> OpenTurn:
    """What this visitor may go on with, locked until the commit. Raises NothingToContinue, SamePersonTwice."""
    turn = session.get(OpenTurn, receipt, with_for_update=True, populate_existing=True)
    if turn is None or turn.service != service or turn.second is not None or visit.now >= turn.open_until:
        raise NothingToContinue
    if turn.pseudonym == visit.visitor.pseudonym:
        raise SamePersonTwice
    return turn


def first_of(turn: OpenTurn) -> FirstTurn:
    """As the second one's handler sees it."""
    at = turn.written_at or turn.begun_at
    return FirstTurn(turn.receipt, turn.pseudonym, turn.attributes, turn.input, at)


def writing_of(turn: OpenTurn) -> Writing:
    """Raises ValueError where nothing was signed."""
    if turn.written_at is None or turn.language is None:
        raise ValueError("nothing was signed")
    return Writing(turn.receipt, turn.written_at, Language(turn.language))


def forget_turns(session: Session, now: datetime) -> None:
    """Remove what was told in turns that are long over."""
    session.execute(delete(OpenTurn).where(OpenTurn.open_until < now - KEPT_FOR))
