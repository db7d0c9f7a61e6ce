"""Transactions, as a department's database needs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kiosk.departments.contract.storage import SessionFactory, in_transaction, open_database, session_factory
from kiosk.departments.education.models import Base, Item


class Refused(Exception):
    """What psycopg raises, as far as we look at it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class Work:
    """Adds an item; the first times it fails."""

    def __init__(self, *failures: str) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self, session: Session) -> str:
        self.calls += 1
        session.add(Item(barcode=str(self.calls), title="x"))
        session.flush()
        if self.failures:
            raise DBAPIError("statement", {}, Refused(self.failures.pop(0)))
        return "done"


@pytest.fixture
def sessions() -> Iterator[SessionFactory]:
    engine = open_database("sqlite://")
    Base.metadata.create_all(engine)
    yield session_factory(engine)
    engine.dispose()


def barcodes(sessions: SessionFactory) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Item.barcode)))


def test_serialization_failures_and_deadlocks_are_tried_again_from_the_start(sessions: SessionFactory) -> None:
    assert in_transaction(sessions, Work("40001", "40P01", "40001")) == "done"
    assert barcodes(sessions) == ["4"]


def test_not_for_ever(sessions: SessionFactory) -> None:
    work = Work(*["40001"] * 9)
    with pytest.raises(DBAPIError):
        in_transaction(sessions, work)
    assert work.calls == 5
    assert barcodes(sessions) == []


def test_other_errors_are_not_tried_again(sessions: SessionFactory) -> None:
    work = Work("23505")
    with pytest.raises(DBAPIError):
        in_transaction(sessions, work)
    assert work.calls == 1


def test_sqlite_is_set_up_so_that_a_commit_is_on_the_disk(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('db') / 'x.sqlite'}")
    with engine.connect() as connection:
        pragmas = {name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    engine.dispose()
