"""Writing down what happened, in the transaction that does it.

A record names the citizen it is about by id only; ``detail`` holds codes and names of attributes, never their values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord, StateChange
from cardsvc.citizens.models import Citizen
from cardsvc.db import insert_once, new_id

OK: Final = "ok"
"""The outcome of what worked; any other outcome is the code of a refusal."""
REPLAYED: Final = "challenge-replayed"
"""The outcome of an answer to a challenge that had been answered before."""


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
    entry = AuditRecord(
        id=new_id(),
        at=now,
        event=event,
        outcome=outcome,
        actor=actor,
        citizen_id=citizen_id,
        citizen_counter=_next_number(session, citizen_id),
        card_id=card_id,
        detail=detail,
    )
    session.add(entry)
    return entry


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a challenge, as it was written down."""

    record_id: UUID
    first: bool
    """False: the challenge had been answered before, and the record says `REPLAYED`."""


def record_answer(
    session: Session,
    *,
    challenge_id: UUID,
    event: str,
    outcome: str,
    actor: str,
    now: datetime,
    citizen_id: UUID | None = None,
    card_id: UUID | None = None,
    **detail: Any,
) -> Answer:
    """Add the record of the one answer that a challenge may get; a second answer is recorded as `REPLAYED` instead.

    The unique ``challenge_id`` is the guard against replay, so the caller must look at ``first``. The replay takes the
    citizen's number that the refused record had drawn: no gap is left.
    """
    record_id = new_id()
    row = {
        "id": record_id,
        "at": now,
        "event": event,
        "outcome": outcome,
        "actor": actor,
        "citizen_id": citizen_id,
        "citizen_counter": _next_number(session, citizen_id),
        "card_id": card_id,
        "challenge_id": challenge_id,
        "detail": detail,
    }
    if insert_once(session, AuditRecord, row, unique=["challenge_id"]):
        return Answer(record_id, first=True)
    replay = row | {"challenge_id": None, "outcome": REPLAYED, "detail": detail | {"challenge": str(challenge_id)}}
    session.execute(insert(AuditRecord).values(replay))
    return Answer(record_id, first=False)


def record_change(
    session: Session, subject_id: UUID, state: str, *, actor: str, now: datetime, reason: str | None = None
) -> None:
    """Add one step to the history of an application or a card."""
    session.add(StateChange(id=new_id(), subject_id=subject_id, state=state, actor=actor, at=now, reason=reason))


def _next_number(session: Session, citizen_id: UUID | None) -> int | None:
    """Draw the citizen's next number. The row stays locked until the end, so numbers have no gaps and no doubles."""
    if citizen_id is None:
        return None
    statement = (
        update(Citizen)
        .where(Citizen.id == citizen_id)
        .values(audit_counter=Citizen.audit_counter + 1)
        .returning(Citizen.audit_counter)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one()
