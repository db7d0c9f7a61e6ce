"""The commands around the database: found a city, migrate, serve, let callers and departments in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

import cardsvc.models  # noqa: F401 (foreign keys are looked up by name, so every table must be known)
from cardsvc import ceremony, logs, schema
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.clock import system_clock
from cardsvc.db import create_database_engine, session_factory, transaction
from cardsvc.departments.service import add_department
from cardsvc.reporting import CommandRefused, print_json, reporting
from cardsvc.settings import Settings

app = typer.Typer()
caller_app = typer.Typer(help="Whoever may call the service.", no_args_is_help=True)
department_app = typer.Typer(help="Departments and their policies.", no_args_is_help=True)
app.add_typer(caller_app, name="caller")
app.add_typer(department_app, name="department")

_console: Final = Console()

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
JwkOption = Annotated[Path, typer.Option("--jwk", help="File with the public JWK, as `cardsvc keygen` prints it.")]


@app.command()
def init(
    officer: Annotated[
        list[str], typer.Option(help="A founding officer, NAME=FILE with the officer's public JWK. Give two.")
    ],
    witness: Annotated[str | None, typer.Option(help="Who watches the ceremony; goes on record.")] = None,
    ca_out: Annotated[
        Path | None, typer.Option(help="Also write the root certificate (PEM) here, for `readers tap --trust`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Found the city, once: keystore, certificate authorities, database and two officers, in one ceremony.

    Example: cardsvc init --officer ana=ana.pub.jwk --officer bo=bo.pub.jwk --witness "city notary" --ca-out root.pem
    """
    with reporting():
        settings = _settings()
        with _database_troubles():
            founding = ceremony.found(settings, _named_keys(officer), witness, system_clock())
        if ca_out is not None:
            ceremony.write_certificate(founding.root, ca_out)
    fingerprints = founding.fingerprints()
    if as_json:
        print_json({"officers": founding.officers, "witness": witness, "sha256": fingerprints})
        return
    table = Table("certificate", "SHA-256, to be written down by the witness", title="The city is founded")
    for name, fingerprint in fingerprints.items():
        table.add_row(name, " ".join(fingerprint[i : i + 8] for i in range(0, 64, 8)))
    _console.print(table)
    _console.print(f"officers: {escape(', '.join(founding.officers))}; witness: {escape(witness or 'nobody')}")
    _console.print(f"keystore: {escape(str(settings.keystore_dir))}")


@app.command()
def migrate(as_json: JsonOption = False) -> None:
    """Bring the database to the shape that this version needs. Safe to repeat.

    Example: cardsvc migrate
    """
    with reporting(), _database() as engine:
        before = schema.revision_of(engine)
        schema.upgrade(engine)
        after = schema.revision_of(engine)
    if as_json:
        print_json({"before": before, "after": after})
    else:
        _console.print("up to date" if before == after else f"migrated from {before or 'nothing'} to {after}")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8080,
) -> None:
    """Answer requests until stopped. Prints "listening on …" once it does; logs go to standard error.

    Example: cardsvc serve --port 8080
    """
    from cardsvc.app import create_app  # noqa: PLC0415 (the web framework would double the start of every command)
    from cardsvc.server import serve as serve_app  # noqa: PLC0415
    from cardsvc.services import build_services  # noqa: PLC0415

    logs.configure()
    with reporting():
        settings = _settings()
        with _database(settings) as engine:
            _require_current(engine)
        serve_app(create_app(build_services(settings)), host, port)


@caller_app.command("add")
def add_caller(
    *,
    kind: Annotated[CallerKind, typer.Option(help="Departments come by `cardsvc department add`.")],
    client_id: Annotated[str, typer.Option(help="Its name in every token and audit record.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    scope: Annotated[list[str] | None, typer.Option(help="May be repeated. Default: all of its kind.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a kiosk, a desk or another officer call the service.

    Example: cardsvc caller add --kind kiosk --client-id kiosk-1 --title "Town hall" --jwk kiosk-1.pub.jwk
    """
    if kind is CallerKind.DEPARTMENT:
        raise typer.BadParameter("a department needs a policy: use `cardsvc department add`", param_hint="--kind")
    with reporting(), _session() as session:
        caller = register_caller(
            session,
            client_id=client_id,
            kind=kind,
            title=title,
            public_jwk=_read_json(jwk),
            actor=ceremony.ACTOR,
            now=system_clock(),
            scopes=scope or None,
        )
        added = {"client_id": caller.client_id, "kind": caller.kind, "scopes": caller.scopes}
    _report(added, f"{escape(client_id)} may call, with {', '.join(caller.scopes)}", as_json)


@caller_app.command("disable")
def stop_caller(
    client_id: Annotated[str, typer.Argument(help="Its name.")],
    as_json: JsonOption = False,
) -> None:
    """Shut a caller out at once, its access tokens too.

    Example: cardsvc caller disable kiosk-1
    """
    with reporting(), _session() as session:
        caller = disable_caller(session, client_id, actor=ceremony.ACTOR, now=system_clock())
        disabled = {"client_id": caller.client_id, "disabled_at": str(caller.disabled_at)}
    _report(disabled, f"{escape(client_id)} is shut out", as_json)


@department_app.command("add")
def add_a_department(
    code: Annotated[str, typer.Option(help="For example medical-insurance.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    policy: Annotated[Path, typer.Option(help="JSON file: the level and attributes of each service.")],
    as_json: JsonOption = False,
) -> None:
    """Let a department take part, under a policy.

    Example: cardsvc department add --code education --title Education --jwk edu.pub.jwk --policy edu.policy.json
    """
    with reporting(), _session() as session:
        department = add_department(
            session,
            code=code,
            title=title,
            public_jwk=_read_json(jwk),
            services=_read_json(policy),
            actor=ceremony.ACTOR,
            now=system_clock(),
        )
        added = {"code": department.code, "client_id": department.caller.client_id}
    _report(added, f"{escape(code)} takes part, as {escape(added['client_id'])}", as_json)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"CARDSVC_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise CommandRefused(f"The settings are wrong: {wrong}") from None


@contextmanager
def _database(settings: Settings | None = None) -> Iterator[Engine]:
    with _database_troubles():
        engine = create_database_engine((settings or _settings()).database_url)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def _database_troubles() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # Of the driver's words only those about the connection: others may quote what is in the database.
        why = str(error.orig).splitlines()[0] if isinstance(error, OperationalError) else type(error).__name__
        raise CommandRefused(
            f"The database does not work: {why}. Is CARDSVC_DATABASE_URL right? `cardsvc init` makes a new one."
        ) from None


@contextmanager
def _session() -> Iterator[Session]:
    with _database() as engine:
        _require_current(engine)
        with transaction(session_factory(engine)) as session:
            yield session


def _require_current(engine: Engine) -> None:
    if schema.revision_of(engine) != schema.newest_revision():
        raise CommandRefused("The database is not in the shape that this version needs: run `cardsvc migrate`.")


def _named_keys(officers: list[str]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for officer in officers:
        name, separator, file = officer.partition("=")
        if not separator or name in named:
            raise CommandRefused("Each officer is NAME=FILE, and each name comes once.")
        named[name] = _read_json(Path(file))
    return named


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise CommandRefused(f"{path} is not a JSON object.")
    return document


def _report(for_programs: dict[str, Any], for_people: str, as_json: bool) -> None:
    if as_json:
        print_json(for_programs)
    else:
        _console.print(for_people)
