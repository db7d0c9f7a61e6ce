"""A department's database: SQLite or PostgreSQL, one transaction a request, and rows as both of them have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from uuid_utils.compat import uuid7

SessionFactory = sessionmaker[Session]

_ATTEMPTS: Final = 5
_RETRIED: Final = {"40001", "40P01"}
"""PostgreSQL's serialization failure and deadlock: nothing happened, the same again will do."""

_NAMES: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_Result = TypeVar("_Result")


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


TYPES: Final[dict[Any, Any]] = {datetime: Utc}
"""For ``type_annotation_map`` of a department's declarative base."""


def new_metadata() -> MetaData:
    """Metadata that names constraints alike everywhere, for a department's declarative base."""
    return MetaData(naming_convention=_NAMES)


def new_id() -> UUID:
    """A row key: UUID version 7, so that rows arrive in the order of the index."""
    return uuid7()


def open_database(url: str) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql+psycopg://…``, set up so that a commit is on the disk."""
    # hide_parameters: the text of a database error would quote pseudonyms, and texts of errors are logged.
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def session_factory(engine: Engine) -> SessionFactory:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def in_transaction(sessions: SessionFactory, work: Callable[[Session], _Result]) -> _Result:
    """Do ``work`` in one transaction and commit it, again from the start where the database asks for that."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with sessions.begin() as session:
                return work(session)
        except DBAPIError as error:
            if attempt == _ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _RETRIED:
                raise
    raise AssertionError("the last attempt returns or raises")


def insert_into(session: Session, table: type[DeclarativeBase]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with ``on_conflict_…`` as both databases have it."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own: we begin transactions ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    # A transaction that starts reading and then writes fails at once when another wrote in between, whatever the
    # busy time-out; taking the write lock first makes it wait instead.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
