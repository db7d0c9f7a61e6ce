"""What holds for every command: what it says of its use, of settings, and of the database that it finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import inspect
from typer import Context
from typer.core import TyperGroup
from typer.main import get_group
from typer.testing import CliRunner

from cardsvc import schema
from cardsvc.cli import app
from tests.fixtures.command_line import Town


def test_migrate_is_safe_to_repeat(town: Town) -> None:
    first = town.run("migrate", "--json")
    assert json.loads(first.stdout) == {"before": None, "after": schema.newest_revision()}
    assert "up to date" in town.run("migrate").stdout
    assert "callers" in inspect(town.engine()).get_table_names()


@pytest.mark.parametrize("command", [("serve", "--port=0"), ("caller", "disable", "ana")])
def test_a_database_of_another_version_is_not_touched(sqlite_town: Town, command: tuple[str, ...]) -> None:
    (sqlite_town.folder / "data").mkdir()
    done = sqlite_town.run(*command)
    assert done.exit_code == 1
    assert "cardsvc migrate" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CARDSVC_ISSUER", "nonsense"), ("CARDSVC_DATABASE_URL", "postgresql+psycopg://x@127.0.0.1:1/x")],
)
def test_settings_that_do_not_work_are_named(
    sqlite_town: Town, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = sqlite_town.run("migrate")
    assert done.exit_code == 1
    assert variable in done.stderr


def test_before_the_ceremony_a_command_says_what_comes_first(sqlite_town: Town) -> None:
    done = sqlite_town.run("caller", "disable", "ana")
    assert done.exit_code == 1
    assert "cardsvc init" in done.stderr


def test_the_openapi_document_needs_no_city(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", "/nowhere")
    document = json.loads(CliRunner().invoke(app, ["openapi"]).stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/cards/{card_uuid}/revoke" in document["paths"]


def commands_of(group: TyperGroup, context: Context, *names: str) -> Iterator[str]:
    """Every command there is, as it is typed; a group finds its commands on demand."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from commands_of(command, context, *names, name)
        else:
            yield " ".join((*names, name))


CARDSVC = get_group(app)


@pytest.mark.parametrize("command", [*commands_of(CARDSVC, Context(CARDSVC))])
def test_every_command_shows_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    shown = " ".join(done.stdout.split())
    assert re.search(rf"Example: (CARDSVC_\w+=\S+ )?cardsvc {re.escape(command)}\b", shown)
