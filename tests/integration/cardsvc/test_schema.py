"""The migrations of the card database, on both kinds of database."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, delete, inspect, select, table

from cardsvc import schema
from cardsvc.db import create_database_engine
from cardsvc.models import Base
from tests.fixtures.rows import fill


def test_the_migrations_make_the_tables_that_the_models_describe(database_url: str) -> None:
    engine = create_database_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_what_the_migrations_make_they_can_take_back(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine)
    assert schema.revision_of(engine) == schema.newest_revision()
    schema.downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    schema.upgrade(engine)
    assert schema.revision_of(engine) == schema.newest_revision()
    engine.dispose()


def test_each_migration_goes_down_and_up_again_with_rows_in_every_table(database_url: str) -> None:
    """What a step down does not take away stays as it was, down to the first revision and up again."""
    engine = create_database_engine(database_url)
    fill(engine)
    rows = before = survey(engine)
    down = schema.revisions()[::-1]
    for revision in down[1:]:
        if revision in PROMISES:
            with pytest.raises(RuntimeError, match="by hand"):
                schema.downgrade(engine, revision)
            assert survey(engine) == before
            empty(engine, PROMISES[revision])
        schema.downgrade(engine, revision)
        before = survey(engine)
        left = survey(engine)
        rows = {name: [only(old, left[name]) for old in rows[name]] for name in left if name in rows}
        assert {name: [only(row, rows[name]) for row in left[name]] for name in rows} == rows
    for revision in down[-2::-1]:
        schema.upgrade(engine, revision)
        now = survey(engine)
        assert {name: [only(row, rows[name]) for row in now[name]] for name in rows} == rows
    engine.dispose()


PROMISES = {"0019": ("sealed_entries", "sealed_batches"), "0014": ("card_locks",)}
"""Before which revision there is no place for these: a step down to it is refused while they have rows."""


def empty(engine: Engine, tables: Iterable[str]) -> None:
    with engine.begin() as connection:
        for name in tables:
            connection.execute(delete(table(name)))


Row = dict[str, object]


def survey(engine: Engine) -> dict[str, list[Row]]:
    """The rows of the tables there are now, with the columns there are now, as the driver gives them."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table).order_by(table.c[0])).mappings()]
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }


def only(row: Row, like: list[Row]) -> Row:
    """Without the columns that those rows do not have."""
    return {column: value for column, value in row.items() if like and column in like[0]}


def test_a_database_that_is_up_to_date_is_left_alone(database_url: str) -> None:
    engine = create_database_engine(database_url)
    before = inspect(engine).get_table_names()
    schema.upgrade(engine)
    assert inspect(engine).get_table_names() == before
    engine.dispose()
