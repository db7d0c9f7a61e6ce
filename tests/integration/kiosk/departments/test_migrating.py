"""The migrations of every department lead to its models, up, down and up again, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from kiosk.departments.cli import DEPARTMENTS, load
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.migrating import Chain, chains_of, configuration, migrate
from kiosk.departments.contract.storage import open_database

EVERY_DEPARTMENT = pytest.mark.parametrize("department", [*map(load, DEPARTMENTS)], ids=lambda each: each.code)


def differences(connection: Connection, chain: Chain) -> list[object]:
    options = {
        "version_table": chain.version_table,
        "include_name": lambda name, kind, _: kind != "table" or name in chain.metadata.tables,
        "compare_type": True,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), chain.metadata))


@EVERY_DEPARTMENT
def test_migrations_are_in_step_with_the_models(department: Department, empty_database_url: str) -> None:
    engine = open_database(empty_database_url)
    migrate(engine, department)
    migrate(engine, department)
    with engine.connect() as connection:
        assert [differences(connection, chain) for chain in chains_of(department)] == [[], []]
    engine.dispose()


@EVERY_DEPARTMENT
def test_down_leaves_nothing_and_up_again_works(department: Department, empty_database_url: str) -> None:
    engine = open_database(empty_database_url)
    migrate(engine, department)
    with engine.begin() as connection:
        for chain in reversed(chains_of(department)):
            command.downgrade(configuration(chain, connection), "base")
    with engine.connect() as connection:
        left = set(inspect(connection).get_table_names())
    assert left == {chain.version_table for chain in chains_of(department)}

    migrate(engine, department)
    with engine.connect() as connection:
        assert all(not differences(connection, chain) for chain in chains_of(department))
    engine.dispose()
