"""Whether all records are there and on their way: the citizens' numbers, what waits, and the notes.

None of it needs to know who a citizen is: it holds after a person was erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, exists, func, or_, select

from cardsvc.audit.findings import MOST_FINDINGS, Fault, Report
from cardsvc.audit.models import AuditEntry, AuditNote, AuditRecord, AuditWaiting
from cardsvc.audit.openings import verify_openings
from cardsvc.audit.scanning import unreadable
from cardsvc.audit.sequencer import LATE
from cardsvc.audit.service import note_digest
from cardsvc.citizens.models import Citizen
from cardsvc.db import table_of

_records: Final = table_of(AuditRecord)
_entries: Final = table_of(AuditEntry)
_waiting: Final = table_of(AuditWaiting)
_notes: Final = table_of(AuditNote)
_citizens: Final = table_of(Citizen)
_NAMED: Final = 3
"""So many missing numbers of a citizen are named."""


def verify_completeness(connection: Connection, report: Report, now: datetime) -> None:
    """Report gaps in numbers, records without a place, and notes that were changed."""
    checks: tuple[tuple[Fault, Callable[[], None]], ...] = (
        (Fault.COUNTER_WRONG, lambda: _verify_counters(connection, report)),
        (Fault.OUTSIDE_LOG, lambda: _verify_placing(connection, report, now)),
        (Fault.NOTE_ALTERED, lambda: _verify_notes(connection, report)),
        (Fault.SEALED_WRONG, lambda: verify_openings(connection, report)),
    )
    for fault, check in checks:
        try:
            check()
        except unreadable(connection):
            report.add(fault, "this could not be looked at: a row holds what cannot be read")


def _verify_counters(connection: Connection, report: Report) -> None:
    number = _records.c.citizen_counter
    count, last = func.count(), func.max(number)
    counted = func.coalesce(_citizens.c.audit_counter, last)
    wrong = (
        select(_records.c.citizen_id, counted)
        .outerjoin(_citizens, _citizens.c.id == _records.c.citizen_id)
        .where(_records.c.citizen_id.is_not(None))
        .group_by(_records.c.citizen_id, _citizens.c.audit_counter)
        .having(or_(count != counted, last != counted, func.min(number) != 1, func.count(number) != count))
    )
    without = select(_citizens.c.id, _citizens.c.audit_counter).where(
        _citizens.c.audit_counter > 0, ~exists().where(_records.c.citizen_id == _citizens.c.id)
    )
    for statement in (wrong, without):
        for citizen_id, counter in _some(connection, statement):
            report.add(Fault.COUNTER_WRONG, f"citizen {citizen_id}: {_gaps(connection, citizen_id, counter)}")


def _gaps(connection: Connection, citizen_id: UUID, counter: int) -> str:
    there = set(connection.scalars(select(_records.c.citizen_counter).where(_records.c.citizen_id == citizen_id)))
    missing = [number for number in range(1, counter + 1) if number not in there]
    if not missing:
        return f"more records than the {counter} that were counted"
    named = ", ".join(map(str, missing[:_NAMED])) + (", …" if len(missing) > _NAMED else "")
    return f"of {counter} records {len(missing)} missing: number {named}"


def _verify_placing(connection: Connection, report: Report, now: datetime) -> None:
    unplaced = (
        select(_records.c.id, _records.c.at, _waiting.c.record_id)
        .outerjoin(_entries, _entries.c.record_id == _records.c.id)
        .outerjoin(_waiting, _waiting.c.record_id == _records.c.id)
        .where(_entries.c.record_id.is_(None))
        .order_by(_records.c.id)
    )
    for record_id, at, waiting in _some(connection, unplaced):
        if waiting is None:
            report.add(Fault.OUTSIDE_LOG, "a record has no place and waits for none", record_id=record_id)
        elif now - at > LATE:
            seconds = int((now - at).total_seconds())
            report.add(Fault.LATE, f"a record has been waiting for its place for {seconds} s", record_id=record_id)
    gone = select(_waiting.c.record_id).where(~exists().where(_records.c.id == _waiting.c.record_id))
    for (record_id,) in _some(connection, gone):
        report.add(Fault.MISSING, "a record that waited for its place is gone", record_id=record_id)


def _verify_notes(connection: Connection, report: Report) -> None:
    statement = select(_notes.c.record_id, _notes.c.salt, _notes.c.text, _records.c.note_digest).outerjoin(
        _records, _records.c.id == _notes.c.record_id
    )
    for record_id, salt, text, digest in connection.execute(statement):
        if digest != note_digest(salt, text):
            report.add(Fault.NOTE_ALTERED, "the note is not the one that was written", record_id=record_id)


def _some(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """Rows, but no more than are told."""
    yield from connection.execute(statement.limit(MOST_FINDINGS))
