"""Many rows in one statement, on both databases: they arrive as they would one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.bulk import among, insert_all, insert_new
from cardsvc.cards.models import Card
from cardsvc.db import create_database_engine, new_id, table_of
from cardsvc.wire.lifecycle import CardState

AT = datetime(2026, 3, 2, 17, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))
STRANGE = ("plain", "", 'a "b" \\c', "it's {1,2}", "王\n小明", "NULL", "x,y", "\\x41")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def record(**columns: Any) -> dict[str, Any]:
    row = {"id": new_id(), "at": AT, "event": "look", "outcome": "ok", "actor": "ana", "challenge_id": uuid4()}
    return row | {"note_digest": None, "detail": {}} | columns


def read(connection: Connection, id_: UUID) -> AuditRecord:
    return Session(connection).get_one(AuditRecord, id_)


def test_values_come_back_as_they_were(connection: Connection) -> None:
    detail = {"texts": list(STRANGE), "none": None, "number": 2**53 - 1, "yes": True, "deep": {"名": [1, [2]]}}
    rows = [record(actor=text[:64], note_digest=bytes(range(32)), detail=detail) for text in STRANGE]

    insert_all(connection, AuditRecord, rows)

    for row in rows:
        found = read(connection, row["id"])
        assert {name: getattr(found, name) for name in row} == row
        assert (found.at.utcoffset(), found.citizen_id, found.state) == (timedelta(0), None, None)


def test_enumerations_days_and_words_are_stored_as_ever(connection: Connection) -> None:
    columns = {"uuid": uuid4(), "stock_number": "HQ-1", "state": CardState.QUARANTINED, "expires_on": date(2031, 2, 28)}
    row = {"id": new_id(), **columns, "locks": ("department:education", "tap"), "created_at": AT}

    insert_all(connection, Card, [row])

    card = Session(connection).get_one(Card, row["id"])
    assert {name: getattr(card, name) for name in row} == row


@pytest.mark.parametrize(
    "wrong", [{"at": AT.replace(tzinfo=None)}, {"state": "never-heard-of"}], ids=["naive time", "unknown state"]
)  # fmt: skip
def test_what_the_types_refuse_is_refused(connection: Connection, wrong: dict[str, Any]) -> None:
    table, row = (AuditRecord, record()) if "at" in wrong else (Card, {"id": new_id(), "uuid": uuid4()})
    with pytest.raises(Exception, match=r"times must be aware|never-heard-of"):
        insert_all(connection, table, [row | wrong])


def test_of_rows_that_are_there_already_nothing_happens(connection: Connection) -> None:
    old, new, twice = record(), record(), record()
    insert_new(connection, AuditRecord, [old], unique=["challenge_id"])
    again = old | {"id": new_id()}
    copy = twice | {"id": new_id()}

    written = insert_new(connection, AuditRecord, [again, new, twice, copy], unique=["challenge_id"])

    assert written == {new["id"], twice["id"]}
    challenges = connection.scalars(select(table_of(AuditRecord).c.challenge_id)).all()
    assert sorted(challenges) == sorted({old["challenge_id"], new["challenge_id"], twice["challenge_id"]})


def test_no_rows_are_no_work(connection: Connection) -> None:
    insert_all(connection, AuditRecord, [])
    assert insert_new(connection, AuditRecord, [], unique=["challenge_id"]) == frozenset()


@pytest.mark.parametrize("wanted", [(), STRANGE[:1], STRANGE, ("somebody else",)])
def test_texts_among_others(connection: Connection, wanted: tuple[str, ...]) -> None:
    insert_all(connection, AuditRecord, [record(actor=text) for text in STRANGE])
    statement = select(table_of(AuditRecord).c.actor).where(among(table_of(AuditRecord).c.actor, "actors"))

    found = connection.scalars(statement, {"actors": wanted}).all()

    assert sorted(found) == sorted(set(wanted) & set(STRANGE))


def test_uuids_and_numbers_among_others(connection: Connection) -> None:
    rows = [record(citizen_counter=number) for number in range(5)]
    insert_all(connection, AuditRecord, rows)
    table = table_of(AuditRecord)
    statement = select(table.c.id).where(among(table.c.id, "ids"), among(table.c.citizen_counter, "numbers"))

    found = connection.scalars(statement, {"ids": [row["id"] for row in rows[:3]], "numbers": {1, 2, 4}}).all()

    assert set(found) == {rows[1]["id"], rows[2]["id"]}


def test_the_text_of_a_statement_does_not_depend_on_how_many_rows_there_are(engine: Engine) -> None:
    texts: set[str] = set()
    event.listen(engine, "before_cursor_execute", lambda _c, _k, text, *_: texts.add(text))
    statement = select(table_of(AuditRecord).c.id).where(among(table_of(AuditRecord).c.id, "ids"))
    with engine.begin() as connection:
        for count in (1, 2, 30):
            rows = [record() for _ in range(count)]
            insert_new(connection, AuditRecord, rows, unique=["challenge_id"])
            assert len(connection.scalars(statement, {"ids": [row["id"] for row in rows]}).all()) == count

    inserts = [text for text in texts if text.startswith("INSERT")]
    selects = [text for text in texts if text.startswith("SELECT")]
    assert (len(inserts), len(selects)) == (1, 1)
