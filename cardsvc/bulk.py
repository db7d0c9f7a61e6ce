"""Many rows in one statement, whose text does not depend on how many there are.

A text that stays the same is compiled once, prepared once and planned once; with a place for each value it would be
another one for each number of rows, and be taken apart by SQLAlchemy, the driver and the database each time. So
PostgreSQL gets the rows as one parameter, a JSON array; SQLite prepares a statement and runs it for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnClause,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    LargeBinary,
    Select,
    String,
    Table,
    TypeDecorator,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from cardsvc.db import Base, table_of

T = TypeVar("T")
Row = Mapping[str, Any]
_ROWS: Final = "rows"
_POSTGRESQL: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_QUOTED: Final = str.maketrans({'"': r"\"", "\\": r"\\"})


def among(checked: ColumnElement[T], name: str) -> ColumnElement[bool]:
    """Whether the column is one of the values of the parameter ``name``, a collection of UUIDs, texts or integers."""
    return _Among(checked, bindparam(name, type_=_Values(checked.type)))


def given_rows(name: str, *columns: ColumnClause[Any]) -> TableValuedAlias:
    """On PostgreSQL: the rows of the parameter ``name``, which is what `write_rows` gives, as a table."""
    rows = func.json_to_recordset(bindparam(name, type_=_Json()))
    return rows.table_valued(*columns).render_derived(name=name, with_types=True)


def write_rows(rows: Sequence[Row]) -> str:
    """Rows of texts, numbers, UUIDs and what is JSON anyway, for `given_rows`."""
    return to_json(rows).decode()


def insert_all(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert the rows; all have the same members. Columns without a value get none, not their default."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        statement, write = _insert_from_json(table, tuple(rows[0]))
        connection.execute(statement, {_ROWS: write(rows)})
    else:
        connection.execute(insert(table_of(table)), list(rows))


def insert_new(
    connection: Connection,
    table: type[Base],
    rows: Sequence[Row],
    *,
    unique: Sequence[str],
    noted_in: type[Base] | None = None,
) -> frozenset[UUID]:
    """Insert those rows whose ``unique`` columns are not there yet; the ids of the rows that were inserted.

    A row of another transaction that is still open is waited for. Nothing is rolled back, unlike after an
    IntegrityError. ``noted_in`` is a table with a single column, which gets those ids.
    """
    if not rows:
        return frozenset()
    if connection.dialect.name == "postgresql":
        statement, write = _insert_from_json(table, tuple(rows[0]), tuple(unique), noted_in)
        return frozenset(connection.execute(statement, {_ROWS: write(rows)}).scalars())
    connection.execute(_insert_or_skip(table, tuple(unique)), list(rows))
    # Nobody else writes meanwhile: what is there now with an id of ours was inserted just now.
    written = connection.execute(_those_there(table), {"ids": [row["id"] for row in rows]}).scalars().all()
    if noted_in is not None:
        (noted,) = table_of(noted_in).columns
        insert_all(connection, noted_in, [{noted.name: id_} for id_ in written])
    return frozenset(written)


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()


@compiles(_Among, "postgresql")
def _compile_for_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    checked, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{checked} = ANY ({values})"


@compiles(_Among, "sqlite")
def _compile_for_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    checked, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{checked} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (columns and a parameter, compiled)


class _Values(TypeDecorator[Collection[Any]]):
    """Values of one type as one text: the literal of an array, or JSON."""

    impl = String
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL is told that it is an array: were it cast from a text, that would be done for each row."""
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else String())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """How the text is written."""
        return _array if dialect.name == "postgresql" else _list


def _array(values: Collection[Any]) -> str:
    return "{" + ",".join('"' + str(each).translate(_QUOTED) + '"' for each in values) + "}"


def _list(values: Collection[Any]) -> str:
    return to_json([each.hex if isinstance(each, UUID) else each for each in values]).decode()


Writer = Callable[[Sequence[Row]], str]
"""Writes rows as the JSON that a statement takes."""


@cache
def _insert_from_json(
    table: type[Base], members: tuple[str, ...], unique: tuple[str, ...] = (), noted_in: type[Base] | None = None
) -> tuple[Insert | ReturningInsert[Any], Writer]:
    target = table_of(table)
    columns = [target.c[member] for member in members]
    source = select(given_rows(_ROWS, *(column(each.name, each.type) for each in columns)))
    insert_them = postgresql_insert(target).from_select(list(members), source, include_defaults=False)
    statement: Insert | ReturningInsert[Any] = insert_them
    if unique:
        statement = _give_back(insert_them.on_conflict_do_nothing(index_elements=unique), target, noted_in)
    converters = {each.name: convert for each in columns if (convert := _converter(each.type)) is not None}
    return statement, lambda rows: _write(rows, converters)


def _give_back(statement: Insert, target: Table, noted_in: type[Base] | None) -> ReturningInsert[Any]:
    if noted_in is None:
        return statement.returning(target.c.id)
    (noted,) = table_of(noted_in).columns
    written = statement.returning(target.c.id).cte("written")
    return postgresql_insert(table_of(noted_in)).from_select([noted.name], select(written.c.id)).returning(noted)


class _Json(TypeDecorator[str]):
    """JSON that is written already."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """As it is."""
        del dialect


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of a column becomes one of JSON, where it is not one by itself."""
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else rf"\x{value.hex()}"
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_bind_param(value, _POSTGRESQL)
    return None


def _write(rows: Sequence[Row], converters: Mapping[str, Callable[[Any], Any]]) -> str:
    written = [{**row, **{name: convert(row[name]) for name, convert in converters.items()}} for row in rows]
    return write_rows(written)


@cache
def _insert_or_skip(table: type[Base], unique: tuple[str, ...]) -> Insert:
    return sqlite.insert(table_of(table)).on_conflict_do_nothing(index_elements=unique)


@cache
def _those_there(table: type[Base]) -> Select[UUID]:
    identifier = table_of(table).c.id
    return select(identifier).where(among(identifier, "ids"))
