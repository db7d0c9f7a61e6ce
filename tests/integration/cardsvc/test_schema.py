"""The migrations of the card database, on both kinds of database."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from cardsvc import schema
from cardsvc.db import create_database_engine
from cardsvc.models import Base


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


def test_a_database_that_is_up_to_date_is_left_alone(database_url: str) -> None:
    engine = create_database_engine(database_url)
    before = inspect(engine).get_table_names()
    schema.upgrade(engine)
    assert inspect(engine).get_table_names() == before
    engine.dispose()
