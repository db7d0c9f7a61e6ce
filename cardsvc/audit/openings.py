"""Whether sealed entries are in order, as far as the log itself tells: a batch for each day, and openings that fit.

Which commitments are to something, and whether all that was due was opened, only the service's keys tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, select

from cardsvc.audit.errors import RecordNotFound
from cardsvc.audit.findings import Fault, Report
from cardsvc.audit.models import AuditRecord
from cardsvc.db import table_of
from cardsvc.wire.sealed import BATCH_EVENT, RELEASE_EVENT, Opening, OpeningFalse

_records: Final = table_of(AuditRecord)
_NO_ANSWER: Final = _records.c.challenge_id.is_(None)
"""As the index on events has it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A day's commitments, in a record."""

    record_id: UUID
    day: date
    commitments: tuple[str, ...]


def find_batch(connection: Connection, day: date) -> UUID:
    """The record with a day's commitments. Raises RecordNotFound."""
    for batch in batches(connection):
        if batch.day == day:
            return batch.record_id
    raise RecordNotFound


def batches(connection: Connection) -> Iterator[Batch]:
    """All that can be read, in the order of their records."""
    statement = select(_records.c.id, _records.c.detail).where(_records.c.event == BATCH_EVENT, _NO_ANSWER)
    for record_id, detail in connection.execute(statement.order_by(_records.c.id)):
        yield Batch(record_id, date.fromisoformat(detail["day"]), tuple(detail["commitments"]))


def verify_openings(connection: Connection, report: Report) -> None:
    """Report days without a batch, and openings of what was not committed to."""
    known = sorted(batches(connection), key=lambda batch: batch.day)
    for batch in known:
        if list(batch.commitments) != sorted(set(batch.commitments)):
            _add(report, "the commitments are not in order, or not all different", batch.record_id)
    for earlier, later in pairwise(known):
        if later.day != earlier.day + timedelta(days=1):
            _add(report, f"{earlier.day} is followed by {later.day}: a batch is missing, or double", later.record_id)
    _verify_released(connection, report, {batch.day: frozenset(batch.commitments) for batch in known})


def _verify_released(connection: Connection, report: Report, known: Mapping[date, frozenset[str]]) -> None:
    opened = set[str]()
    columns = (_records.c.id, _records.c.detail, _records.c.citizen_id)
    released = select(*columns).where(_records.c.event == RELEASE_EVENT, _NO_ANSWER)
    for record_id, detail, citizen_id in connection.execute(released):
        try:
            opening = Opening.model_validate(detail["sealed"])
            fault = _fault(opening, citizen_id, known)
        except (ValidationError, OpeningFalse, KeyError, TypeError):
            _add(report, "this opens no commitment", record_id)
            continue
        if opening.commitment in opened:
            fault = "it opens a commitment a second time"
        if fault is not None:
            _add(report, fault, record_id)
        opened.add(opening.commitment)


def _fault(opening: Opening, citizen_id: UUID | None, known: Mapping[date, frozenset[str]]) -> str | None:
    content: Mapping[str, Any] = opening.verify()
    if opening.commitment not in known.get(opening.day, frozenset()):
        return "it opens a commitment that was not published"
    if content.get("citizen") != (None if citizen_id is None else str(citizen_id)):
        return "it is about somebody else than its content"
    return None


def _add(report: Report, detail: str, record_id: UUID) -> None:
    report.add(Fault.SEALED_WRONG, detail, record_id=record_id)
