"""Bringing a department's database up to date: first the tables of the contract, then its own.

The two are chains of their own (``migrations/departments/<name>/versions``, each with its own version table), so that
a change to the contract's tables is written once for all departments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, text

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.keeping import ContractBase

MIGRATIONS: Final = Path(__file__).parents[3] / "migrations" / "departments"
_LOCK: Final = 0x6369_7479  # "city": replicas of one department that start together migrate one after the other


@dataclass(frozen=True, slots=True)
class Chain:
    """A line of migrations and the tables it leads to."""

    name: str
    metadata: MetaData = field(repr=False)

    @property
    def version_table(self) -> str:
        """Where it is written down how far the chain has been followed."""
        return f"alembic_version_{self.name}"


CONTRACT: Final = Chain("contract", ContractBase.metadata)


def chains_of(department: Department) -> tuple[Chain, Chain]:
    """The chains of a department, in their order."""
    return CONTRACT, Chain(department.code.replace("-", "_"), department.metadata)


def migrate(engine: Engine, department: Department) -> None:
    """Bring the database up to date, all or nothing."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        for chain in chains_of(department):
            command.upgrade(configuration(chain, connection), "head")


def configuration(chain: Chain, connection: Connection) -> Config:
    """Alembic's configuration for one chain, for ``alembic.command``."""
    config = Config()
    for name, value in {
        "script_location": str(MIGRATIONS),
        "version_locations": str(MIGRATIONS / chain.name / "versions"),
        "path_separator": "newline",
        "file_template": "%(rev)s_%(slug)s",
    }.items():
        config.set_main_option(name, value.replace("%", "%%"))
    config.attributes.update(chain=chain, connection=connection)
    return config
