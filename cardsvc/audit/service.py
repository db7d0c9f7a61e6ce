"""Writing down what happened, in the transaction that does it.

A record names the citizen it is about by id only; ``detail`` holds codes and names of attributes, never their values.
What people write in words of their own may name somebody: it is kept beside the record, as a note, which can be erased;
the record holds its salted digest alone. `sequencing` then gives the record its place in the log.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Integer, Uuid, bindparam, column, delete, or_, select, update
from sqlalchemy.orm import Session

from cardsvc.audit.leaf import check_detail
from cardsvc.audit.models import AuditNote, AuditRecord, AuditWaiting
from cardsvc.bulk import among, given_rows, insert_all, insert_new, write_rows
from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id, table_of

OK: Final = "ok"
"""The outcome of what worked; any other outcome is the code of a refusal."""
REPLAYED: Final = "challenge-replayed"
"""The outcome of an answer to a challenge that had been answered before."""
TRANSITION: Final = "transition"
"""The event of a step in the life of an application or a card."""
REFUSED: Final = "request"
"""The event of an attempt over HTTP that nothing came of; the detail names the operation."""
SALT_SIZE: Final = 16
_SUBJECTS: Final = "cardsvc.subjects"


def record(
    session: Session,
    *,
    event: str,
    outcome: str,
    actor: str,
    now: datetime,
    citizen_id: UUID | None = None,
    card_id: UUID | None = None,
    **detail: Any,
) -> AuditRecord:
    """Add one record. ``actor`` is a client id, or ``ceremony``; ``outcome`` is `OK` or the code of a refusal."""
    session.flush()  # the citizen may be new
    draft = Draft(event, outcome, actor, now, citizen_id, card_id, detail=detail)
    entry = AuditRecord(**_row(draft, _draw_numbers(session.connection(), [draft])))
    session.add_all([entry, AuditWaiting(record_id=entry.id)])
    if citizen_id is not None:
        session.info.setdefault(_SUBJECTS, set()).add(citizen_id)
    return entry


def subjects_of(session: Session) -> frozenset[UUID]:
    """Whom the records are about that were added in this session."""
    return frozenset(session.info.get(_SUBJECTS, ()))


@dataclass(frozen=True, slots=True)
class Note:
    """Text beside a record, and the salt of its digest."""

    text: str = field(repr=False)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_SIZE), repr=False)

    @property
    def digest(self) -> bytes:
        """What the log keeps of it."""
        return note_digest(self.salt, self.text)


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be: `record_all` gives it its citizen's number."""

    event: str
    outcome: str
    actor: str
    at: datetime
    citizen_id: UUID | None = None
    card_id: UUID | None = None
    challenge_id: UUID | None = None
    """The challenge that was answered."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    note: Note | None = None
    """What is kept beside the record, for as long as the person is not erased."""
    id: UUID = field(default_factory=new_id)


def record_all(connection: Connection, drafts: Sequence[Draft]) -> frozenset[UUID]:
    """Add many records at once; the ids of those that stand as they were drafted.

    A challenge may get one answer: its unique id is the guard against replay. The record of a second answer says
    `REPLAYED` instead of what was drafted, and its id is not among those given back. It takes the citizen's number that
    the draft had drawn, so no gap is left.
    """
    numbers = _draw_numbers(connection, drafts)
    rows = [_row(draft, numbers) for draft in drafts]
    # In one order everywhere: two processes that are sent the same challenges would wait for each other.
    answers = sorted((row for row in rows if row["challenge_id"] is not None), key=itemgetter("challenge_id"))
    written = insert_new(connection, AuditRecord, answers, unique=["challenge_id"], noted_in=AuditWaiting)
    others = [row for row in rows if row["challenge_id"] is None]
    others += [_as_replay(row) for row in answers if row["id"] not in written]
    insert_all(connection, AuditRecord, others)
    notes = [_note_row(draft.id, draft.note) for draft in drafts if draft.note is not None]
    insert_all(connection, AuditNote, notes)
    insert_all(connection, AuditWaiting, [{"record_id": row["id"]} for row in others])
    return written | {draft.id for draft in drafts if draft.challenge_id is None}


def record_change(
    session: Session, subject_id: UUID, state: str, *, actor: str, now: datetime, reason: str | None = None
) -> None:
    """Add one step to the history of an application or a card."""
    note = None if reason is None else Note(reason)
    entry = AuditRecord(
        id=new_id(),
        at=now,
        event=TRANSITION,
        outcome=OK,
        actor=actor,
        subject_id=subject_id,
        state=state,
        note_digest=None if note is None else note.digest,
        detail={},
    )
    session.add_all([entry, AuditWaiting(record_id=entry.id)])
    if note is not None:
        session.add(AuditNote(**_note_row(entry.id, note)))


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the life of an application or a card. ``reason`` is None when there was none, or it was erased."""

    state: str
    actor: str
    at: datetime
    reason: str | None


def steps_of(session: Session, subject_id: UUID) -> list[Step]:
    """The history of an application or a card, oldest first."""
    statement = (
        select(AuditRecord.state, AuditRecord.actor, AuditRecord.at, AuditNote.text)
        .outerjoin(AuditNote, AuditNote.record_id == AuditRecord.id)
        .where(AuditRecord.subject_id == subject_id, AuditRecord.event == TRANSITION)
        .order_by(AuditRecord.id)
    )
    return [Step(state or "", actor, at, text) for state, actor, at, text in session.execute(statement)]


def erase_notes(session: Session, *, citizen_id: UUID, subject_ids: Collection[UUID]) -> None:
    """Forget what was written about a person and these applications and cards. The log goes on verifying."""
    records = select(AuditRecord.id).where(
        or_(AuditRecord.citizen_id == citizen_id, AuditRecord.subject_id.in_(subject_ids))
    )
    session.execute(delete(AuditNote).where(AuditNote.record_id.in_(records)))


def note_digest(salt: bytes, text: str) -> bytes:
    """What the log keeps of a note. Without the salt nobody can try texts against it."""
    return hashlib.sha256(salt + text.encode()).digest()


def _row(draft: Draft, numbers: dict[UUID, int]) -> dict[str, Any]:
    number = None
    if draft.citizen_id is not None:
        number = numbers[draft.citizen_id]
        numbers[draft.citizen_id] += 1
    return {
        "id": draft.id,
        "at": draft.at,
        "event": draft.event,
        "outcome": draft.outcome,
        "actor": draft.actor,
        "citizen_id": draft.citizen_id,
        "citizen_counter": number,
        "card_id": draft.card_id,
        "challenge_id": draft.challenge_id,
        "note_digest": None if draft.note is None else draft.note.digest,
        "detail": check_detail(dict(draft.detail)),
    }


def _note_row(record_id: UUID, note: Note) -> dict[str, Any]:
    return {"record_id": record_id, "salt": note.salt, "text": note.text}


def _as_replay(row: dict[str, Any]) -> dict[str, Any]:
    detail = row["detail"] | {"challenge": str(row["challenge_id"])}
    return row | {"challenge_id": None, "outcome": REPLAYED, "detail": detail}


_citizens: Final = table_of(Citizen)
_wanted: Final = given_rows("wanted", column("id", Uuid()), column("more", Integer()))
_locked: Final = (
    select(_citizens.c.id, _wanted.c.more)
    .join(_wanted, _wanted.c.id == _citizens.c.id)
    .order_by(_citizens.c.id)
    .with_for_update(of=_citizens, key_share=True)
    .cte("locked")
)
_DRAW: Final = (
    update(_citizens)
    .where(_citizens.c.id == _locked.c.id)
    .values(audit_counter=_citizens.c.audit_counter + _locked.c.more)
    .returning(_citizens.c.id, _citizens.c.audit_counter)
)
"""The rows are locked in one order, or two transactions about the same two people would wait for each other. Not for
their keys: whoever has just written a row that refers to the person would be waited for, and wait, too."""
_DRAW_SAME: Final = (
    update(_citizens)
    .where(among(_citizens.c.id, "ids"))
    .values(audit_counter=_citizens.c.audit_counter + bindparam("more"))
    .returning(_citizens.c.id, _citizens.c.audit_counter)
)
"""For SQLite, where nobody else writes; all take as many."""


def _draw_numbers(connection: Connection, drafts: Sequence[Draft]) -> dict[UUID, int]:
    """For each citizen the first of as many numbers as they need.

    The citizens' rows stay locked until the end, so numbers have no gaps and no doubles.
    """
    needed = Counter(draft.citizen_id for draft in drafts if draft.citizen_id is not None)
    if not needed:
        return {}
    draw = _draw if connection.dialect.name == "postgresql" else _draw_by_count
    return {citizen_id: last - needed[citizen_id] + 1 for citizen_id, last in draw(connection, needed)}


def _draw(connection: Connection, needed: Mapping[UUID, int]) -> Iterable[tuple[UUID, int]]:
    wanted = [{"id": citizen_id, "more": more} for citizen_id, more in needed.items()]
    return [tuple(row) for row in connection.execute(_DRAW, {"wanted": write_rows(wanted)})]


def _draw_by_count(connection: Connection, needed: Mapping[UUID, int]) -> Iterable[tuple[UUID, int]]:
    by_count: dict[int, list[UUID]] = {}
    for citizen_id, more in needed.items():
        by_count.setdefault(more, []).append(citizen_id)
    for more, ids in by_count.items():
        yield from map(tuple, connection.execute(_DRAW_SAME, {"ids": ids, "more": more}).all())
