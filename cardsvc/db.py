"""The database: engine, session, and the column types that SQLite and PostgreSQL share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from threading import RLock, local
from typing import Any, Final, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from uuid_utils.compat import uuid7

SessionFactory = sessionmaker[Session]

_Result = TypeVar("_Result")

_READ_ONLY: Final = "cardsvc_read_only"
_KEPT_CONNECTIONS: Final = 40
"""As many as there are threads for requests."""
_FRESH_SECONDS: Final = 1.0
_USED_AT: Final = "cardsvc_used_at"
_MORE_CONNECTIONS: Final = 70
"""For the relays, which have threads of their own."""
_ATTEMPTS: Final = 5
_RETRIED: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: nothing happened, the same again will do."""


class _Whole(local):
    """The transaction of this thread, if others become a part of it. Of the thread: a session is for one alone."""

    sessions: SessionFactory | None = None
    session: Session | None = None


_whole: Final = _Whole()
_turns: Final[WeakKeyDictionary[Engine, RLock]] = WeakKeyDictionary()

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite keeps no offset, so one is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they would be taken for whatever zone the server is in."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put the offset back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Text(TypeDecorator[StrEnum]):
    """A `StrEnum` stored as its text: new values need no migration, unknown ones are refused on reading."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Store the text."""
        del dialect
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:
        """Read the text."""
        del dialect
        return None if value is None else self.kind(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """Names without spaces in them, in order, as one text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Store the text."""
        del dialect
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Read the names."""
        del dialect
        return None if value is None else tuple(str(value).split())


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {datetime: Utc}  # noqa: RUF012 (SQLAlchemy reads this name as it stands)


def new_id() -> UUID:
    """A row key: UUID version 7, so that rows arrive in the order of the index."""
    return uuid7()


def create_database_engine(url: str) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql+psycopg://…``, set up so that a commit is on the disk."""
    # Parameters of a failed statement would stand in its error, and from there in a log: hashes, sealed secrets, names.
    engine = create_engine(
        url,
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        _turns[engine] = RLock()
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", partial(_see_if_alive, engine.dialect))
    return engine


def session_factory(engine: Engine) -> SessionFactory:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: SessionFactory) -> Iterator[Session]:
    """One unit of work: committed at the end of the block, rolled back when it raises.

    Within a `whole` it is a part of that: undone when it raises, committed with everything else.
    """
    outer = _outer(sessions)
    if outer is not None:
        with outer.begin_nested():
            yield outer
        return
    with _turn(sessions), sessions() as session, session.begin():
        yield session


def in_transaction(sessions: SessionFactory, work: Callable[[Session], _Result]) -> _Result:
    """What ``work`` gives, committed. Where the database asks for it, the work is done again from the start.

    So it must do nothing but work in its session, and let nothing out of it before it is done.
    """
    attempts = _ATTEMPTS if _outer(sessions) is None else 1  # within a whole, the whole is done again
    for attempt in range(1, attempts + 1):
        try:
            with transaction(sessions) as session:
                return work(session)
        except DBAPIError as error:
            if attempt == attempts or getattr(error.orig, "sqlstate", None) not in _RETRIED:
                raise
    raise AssertionError("the last attempt returns or raises")


def whole(sessions: SessionFactory, work: Callable[[Session], _Result]) -> _Result:
    """As `in_transaction`, for work that opens transactions itself, in this thread: they all become one."""

    def within(session: Session) -> _Result:
        _whole.sessions, _whole.session = sessions, session
        try:
            return work(session)
        finally:
            _whole.sessions = _whole.session = None

    return in_transaction(sessions, within)


def _outer(sessions: SessionFactory) -> Session | None:
    return _whole.session if _whole.sessions is sessions else None


def _turn(sessions: SessionFactory) -> AbstractContextManager[object]:
    """Our turn to write.

    SQLite has one writer at a time and lets whoever waits for it sleep and try again, some of them for seconds. Threads
    of one process wait for each other here instead, and go on as soon as they can.
    """
    return _turns.get(sessions.kw["bind"]) or nullcontext()


@contextmanager
def reading(sessions: SessionFactory) -> Iterator[Session]:
    """A look at the database that takes no write lock. What is changed in it is lost.

    Within a `whole` it sees what was done there, and takes nothing more.
    """
    outer = _outer(sessions)
    if outer is not None:
        yield outer
        return
    with sessions() as session:
        session.connection(execution_options={_READ_ONLY: True})
        yield session


@contextmanager
def looking_up(sessions: SessionFactory) -> Iterator[Connection]:
    """As `reading`, for a single statement on a busy path: without the session's bookkeeping."""
    engine: Engine = sessions.kw["bind"]
    with engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """The whole database as it is at one moment, however long the look takes; writers go on meanwhile."""
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**{_READ_ONLY: True}, **isolation) as connection:
        yield connection


def table_of(kind: type[Base]) -> Table:
    """The table of a kind of row, for statements without the session's bookkeeping."""
    if not isinstance(kind.__table__, Table):
        raise TypeError(f"{kind.__name__} is not a table")
    return kind.__table__


def _note_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED_AT] = time.monotonic()


def _see_if_alive(
    dialect: Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """A connection that was idle may have been cut off. To ask each time would be one more question to wait for."""
    if time.monotonic() - entry.info.get(_USED_AT, -math.inf) < _FRESH_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except Exception as error:
        raise DisconnectionError from error  # the pool tries another, or a new one


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own: we begin transactions ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    # A transaction that starts reading and then writes fails at once when another wrote in between, whatever the
    # busy time-out; taking the write lock first makes it wait instead.
    reads_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
