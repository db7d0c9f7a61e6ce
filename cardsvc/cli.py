"""``cardsvc``: found a city, keep its database and its callers, serve.

Exit status: 0 done; 1 refused, with a sentence on standard error; 2 wrong usage.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from joserfc.jwk import ECKey
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cardsvc import ceremony, logs, schema
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.clock import system_clock
from cardsvc.db import create_database_engine, session_factory, transaction
from cardsvc.departments.service import add_department
from cardsvc.errors import ServiceError
from cardsvc.services import build_services
from cardsvc.settings import Settings
from cardsvc.trust.keystore import KeystoreError
from cardsvc.wire.jose import CURVE

app = typer.Typer(
    help="Issue citizen cards and authenticate them. The settings are environment variables, CARDSVC_… .",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
caller_app = typer.Typer(help="Whoever may call the service.", no_args_is_help=True)
department_app = typer.Typer(help="Departments and their policies.", no_args_is_help=True)
app.add_typer(caller_app, name="caller")
app.add_typer(department_app, name="department")

_console: Final = Console()
_complaints: Final = Console(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
JwkOption = Annotated[Path, typer.Option("--jwk", help="File with the public JWK, as `cardsvc keygen` prints it.")]


def main() -> None:
    """Entry point."""
    os.umask(0o077)  # databases, keys: nobody else's business
    app()


@app.command()
def keygen(
    out: Annotated[Path, typer.Option(help="Where the private JWK goes: a new file, readable by its owner only.")],
) -> None:
    """Make the key of an officer, a kiosk, a desk or a department, and print its public JWK.

    Example: cardsvc keygen --out ana.jwk > ana.pub.jwk
    """
    with _reporting():
        key = ECKey.generate_key(CURVE)
        identity = {"kid": key.thumbprint(), "alg": "ES256", "use": "sig"}
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({**key.as_dict(private=True), **identity}, file)
    print(json.dumps({**key.as_dict(private=False), **identity}))


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
    with _reporting():
        settings = _settings()
        founding = ceremony.found(settings, _named_keys(officer), witness, system_clock())
        if ca_out is not None:
            ceremony.write_certificate(founding.root, ca_out)
    fingerprints = founding.fingerprints()
    if as_json:
        _print_json({"officers": founding.officers, "witness": witness, "sha256": fingerprints})
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
    with _reporting(), _database() as engine:
        before = schema.revision_of(engine)
        schema.upgrade(engine)
        after = schema.revision_of(engine)
    if as_json:
        _print_json({"before": before, "after": after})
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

    logs.configure()
    with _reporting():
        settings = _settings()
        with _database(settings) as engine:
            _require_current(engine)
        serve_app(create_app(build_services(settings)), host, port)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document.

    Example: cardsvc openapi > openapi.json
    """
    from cardsvc.app import describe_api  # noqa: PLC0415 (as above)

    _print_json(describe_api())


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
    with _reporting(), _session() as session:
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
    with _reporting(), _session() as session:
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
    with _reporting(), _session() as session:
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


class CommandRefused(Exception):
    """Raised when a command cannot be carried out, with the sentence that says why."""


@contextmanager
def _reporting() -> Iterator[None]:
    """What goes wrong becomes one sentence on standard error."""
    try:
        yield
    except ServiceError as error:
        _complain(error.detail)
    except SQLAlchemyError as error:
        _complain(f"The database does not work: {type(error).__name__}. Is CARDSVC_DATABASE_URL right?")
    except (CommandRefused, KeystoreError, ValueError) as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))


def _complain(sentence: str) -> NoReturn:
    _complaints.print(f"[bold red]cardsvc:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(1)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"CARDSVC_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise CommandRefused(f"The settings are wrong: {wrong}") from None


@contextmanager
def _database(settings: Settings | None = None) -> Iterator[Engine]:
    engine = create_database_engine((settings or _settings()).database_url)
    try:
        yield engine
    finally:
        engine.dispose()


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
        _print_json(for_programs)
    else:
        _console.print(for_people)


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
