"""Erasing people: the key goes, and with it everything it sealed, in every copy that is opened with these tables.

What stays is the audit log, which names people by id alone, and the id on a list of erasures. A restored backup has the
key again; `replay_erasures` takes it away once more, from the list of the database that was lost or from the file that
every erasure is written to as well (it holds ids and times).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from cardsvc.approvals.models import Approval
from cardsvc.approvals.service import spend
from cardsvc.audit.service import OK, erase_notes, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens import blind_index
from cardsvc.citizens.errors import PersonErased, PersonNeeded
from cardsvc.citizens.models import Citizen, Document, Erasure, Guardianship, PersonVersion, Photo
from cardsvc.citizens.service import get_citizen
from cardsvc.departments.models import Acquaintance
from cardsvc.idempotency.keeping import forget_about
from cardsvc.issuance.models import Application
from cardsvc.locks.repository import forget_locks
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.people import ErasureDone

CARDS_OUT_OF_USE: Final = frozenset({CardState.REVOKED, CardState.EXPIRED, CardState.DESTROYED, CardState.QUARANTINED})
APPLICATIONS_OVER: Final = frozenset({ApplicationState.REJECTED, ApplicationState.CLOSED, ApplicationState.CANCELLED})


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """An entry of the list."""

    citizen_id: UUID
    erased_at: datetime
    requested_by: str
    approved_by: str


def erase(session: Session, citizen_id: UUID, *, actor: Principal, now: datetime) -> ErasedPerson:
    """Erase a person, with a colleague's approval.

    Raises CitizenNotFound, PersonErased, PersonNeeded, and what `spend` raises (NotApproved, SamePerson …).
    """
    citizen = get_citizen(session, citizen_id, to_change=True)
    if citizen.wrapped_key is None:
        raise PersonErased
    _check_not_needed(session, citizen.id)
    approval = spend(session, ApprovalKind.ERASURE, citizen.id, actor=actor.client_id, now=now)
    erased = ErasedPerson(citizen.id, now, approval.requested_by, approval.decided_by or "")
    forget_person(session, citizen)
    session.add(row_of(erased))
    record(
        session,
        event="person.erase",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen.id,
        approval=str(approval.id),
    )
    return erased


def forget_person(session: Session, citizen: Citizen) -> None:
    """Take the key, everything it sealed, and every other word about the person."""
    citizen.wrapped_key, citizen.sealed_person, citizen.document_token = None, b"", None
    blind_index.forget(session, citizen.id)
    for table in (Photo, Document, PersonVersion, Acquaintance):
        session.execute(delete(table).where(table.citizen_id == citizen.id))
    forget_locks(session, citizen.id)
    either_side = or_(Guardianship.citizen_id == citizen.id, Guardianship.guardian_id == citizen.id)
    session.execute(delete(Guardianship).where(either_side))
    applications = session.scalars(select(Application.id).where(Application.citizen_id == citizen.id))
    cards = session.scalars(select(Card.id).where(Card.citizen_id == citizen.id))
    forget_about(session, citizen.id)
    erase_notes(session, citizen_id=citizen.id, subject_ids=[*applications, *cards])
    session.execute(update(Approval).where(Approval.citizen_id == citizen.id).values(reason="", refusal=None))
    session.flush()


def list_erasures(session: Session) -> list[ErasedPerson]:
    """Everybody whose data was erased, in the order of enrolment."""
    rows = session.scalars(select(Erasure).order_by(Erasure.citizen_id))
    return [ErasedPerson(row.citizen_id, row.erased_at, row.requested_by, row.approved_by) for row in rows]


def replay_erasures(session: Session, erasures: Iterable[ErasedPerson], *, actor: str, now: datetime) -> int:
    """Erase again, after a restore, those of the list whose data has come back; how many.

    Somebody who was enrolled after the backup was made is not there, and is passed over. May be repeated.
    """
    replayed = 0
    for erased in erasures:
        citizen = session.get(Citizen, erased.citizen_id, with_for_update=True)
        if citizen is None:
            continue
        if session.get(Erasure, citizen.id) is None:
            session.add(row_of(erased))
        if citizen.wrapped_key is None:
            continue
        forget_person(session, citizen)
        record(session, event="person.erase-again", outcome=OK, actor=actor, now=now, citizen_id=citizen.id)
        replayed += 1
    session.flush()
    return replayed


def note_erasure(path: Path, erased: ErasedPerson) -> None:
    """Add a line to the list outside the database, on the disk when this returns. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps(_entry(erased))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_erasures(path: Path) -> Iterator[ErasedPerson]:
    """The list outside the database; nobody when there is none. Raises ValueError, naming a line without sense."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            yield _read_entry(line)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{path}, line {number}: this is not an entry of a list of erasures") from None


def _read_entry(line: str) -> ErasedPerson:
    entry = json.loads(line)
    return ErasedPerson(
        UUID(entry["citizen_id"]),
        datetime.fromisoformat(entry["erased_at"]),
        entry["requested_by"],
        entry["approved_by"],
    )


def describe(erased: ErasedPerson) -> ErasureDone:
    """As officers' tools see it."""
    return ErasureDone(
        id=erased.citizen_id,
        erased_at=erased.erased_at,
        requested_by=erased.requested_by,
        approved_by=erased.approved_by,
    )


def _entry(erased: ErasedPerson) -> dict[str, Any]:
    return {
        "citizen_id": str(erased.citizen_id),
        "erased_at": erased.erased_at.isoformat(),
        "requested_by": erased.requested_by,
        "approved_by": erased.approved_by,
    }


def row_of(erased: ErasedPerson) -> Erasure:
    """The entry for the list in the database."""
    return Erasure(
        citizen_id=erased.citizen_id,
        erased_at=erased.erased_at,
        requested_by=erased.requested_by,
        approved_by=erased.approved_by,
    )


def _check_not_needed(session: Session, citizen_id: UUID) -> None:
    cards = (
        select(func.count()).select_from(Card).where(Card.citizen_id == citizen_id, Card.state.not_in(CARDS_OUT_OF_USE))
    )
    applications = (
        select(func.count())
        .select_from(Application)
        .where(Application.citizen_id == citizen_id, Application.state.not_in(APPLICATIONS_OVER))
    )
    in_use, still_open = session.scalar(cards) or 0, session.scalar(applications) or 0
    if in_use or still_open:
        raise PersonNeeded(in_use, still_open)
