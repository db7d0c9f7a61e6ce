"""Commands around departments: run one, list what some offer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final

import httpx
import typer
from cryptography import x509
from joserfc.jwk import ECKey
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.orm import Session

from cardsvc.client import load_key
from cardsvc.wire.manifest import MANIFEST_PATH, Language, Manifest, ServiceDescription, text_in
from kiosk.departments.contract.app import create_app
from kiosk.departments.contract.clock import system_clock
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.access import dismiss, invite
from kiosk.departments.contract.logs import configure_logs
from kiosk.departments.contract.opening import open_gate, open_office
from kiosk.departments.contract.papers.press import Press
from kiosk.departments.contract.papers.seal import Seal, make_key
from kiosk.departments.contract.server import Server
from kiosk.departments.contract.storage import open_database, session_factory

DEPARTMENTS: Final = {
    "finance": "kiosk.departments.finance",
    "medical-insurance": "kiosk.departments.medical_insurance",
    "education": "kiosk.departments.education",
    "social-insurance": "kiosk.departments.social_insurance",
    "real-estate": "kiosk.departments.real_estate",
    "environment": "kiosk.departments.environment",
    "community": "kiosk.departments.community",
    "public-security": "kiosk.departments.public_security",
}
"""The module of each reference department; imported only in the process that runs it."""

_ATTENDED: Final = "social-insurance"
"""The department whose attendants confirm something."""

departments_app = typer.Typer(help="Run a department, list what departments offer.", no_args_is_help=True)


OfficerName = Annotated[str, typer.Option(help="Who it is: the name stands beside what they decide.", metavar="NAME")]
AttendantName = Annotated[str, typer.Option(help="Who it is: the pensioner reads who confirmed.", metavar="NAME")]
DataFolder = Annotated[Path | None, typer.Option(help="Folder of the embedded database.", file_okay=False)]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="DEPARTMENT_DATABASE",
        help="URL of another database: postgresql+psycopg://…; with a password in it, only in the environment.",
    ),
]


def load(code: str) -> Department:
    """The department of that code. Raises KeyError when there is none."""
    department: Department = import_module(DEPARTMENTS[code]).department
    return department


@departments_app.command(
    "serve",
    epilog="Example: kiosk departments serve education --service http://127.0.0.1:8080 --issuer http://127.0.0.1:8080 "
    "--key education.jwk --data var/education --port 8101",
)
def serve(
    code: Annotated[str, typer.Argument(help=f"One of: {', '.join(DEPARTMENTS)}.")],
    *,
    service: Annotated[str, typer.Option(help="Address of the card service.")],
    issuer: Annotated[str, typer.Option(help="Name of the card service in its assertions.")],
    key: Annotated[Path, typer.Option(help="The department's private key (JWK, mode 0600).", exists=True)],
    data: DataFolder = None,
    database: DatabaseUrl = None,
    seal_key: Annotated[
        Path | None, typer.Option(help="Private key that seals papers (PEM, mode 0600).", exists=True)
    ] = None,
    seal_certificates: Annotated[
        Path | None, typer.Option(help="The seal's certificate, and those above it (PEM).", exists=True)
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where people check papers: it stands on them, as a QR code.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Certificate of the city's root (PEM), where citizens sign.", exists=True)
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
) -> None:
    """Run a department until it is stopped. Prints "listening on ADDRESS" when it is ready."""
    if code not in DEPARTMENTS:
        raise typer.BadParameter(f"no department {code!r}; there are: {', '.join(DEPARTMENTS)}")
    configure_logs()
    os.umask(0o077)  # what a department keeps about people is nobody else's business
    department = load(code)
    press = _press(department, seal_key, seal_certificates, public_url)
    url = _database_url(code, data, database)
    with (
        open_gate(department, service, issuer, _load_key(key), _roots(department, root)) as gate,
        open_office(department, url, gate, press=press) as office,
    ):
        try:
            server = Server(create_app(office), port, lambda url: print(f"listening on {url}", flush=True))
        except OSError as error:
            raise typer.BadParameter(str(error), param_hint="--port") from error
        server.serve_until_stopped()


@departments_app.command(
    "invite",
    epilog="Example: kiosk departments invite environment --officer rosa --data var/environment "
    "--url http://127.0.0.1:8104",
)
def invite_officer(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    officer: OfficerName,
    url: Annotated[str, typer.Option(help="Where the department answers.")],
    data: DataFolder = None,
    database: DatabaseUrl = None,
) -> None:
    """Print a link to the department's inbox, for one officer. It works once, within an hour."""
    with _records(code, data, database) as session:
        entrance = invite(session, _name(officer), system_clock())
    typer.echo(f"{url.rstrip('/')}/inbox/enter/{entrance}")


@departments_app.command(
    "dismiss", epilog="Example: kiosk departments dismiss environment --officer rosa --data var/environment"
)
def dismiss_officer(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    officer: OfficerName,
    data: DataFolder = None,
    database: DatabaseUrl = None,
) -> None:
    """Shut an officer out of the inbox, at once. What they decided stays."""
    with _records(code, data, database) as session:
        if not dismiss(session, _name(officer)):
            raise typer.BadParameter("nobody of this name was ever invited", param_hint="--officer")
    typer.echo(f"{officer} is out")


@departments_app.command(
    "invite-attendant",
    epilog='Example: kiosk departments invite-attendant --name "Rosa Lam" --data var/social-insurance',
)
def invite_attendant(*, name: AttendantName, data: DataFolder = None, database: DatabaseUrl = None) -> None:
    """Print a code for somebody who is to confirm proofs of life. They enter it at a kiosk, once, within an hour."""
    with _records(_ATTENDED, data, database) as session:
        code: str = _attendants().invite(session, _name(name), system_clock())
    typer.echo(code)


@departments_app.command(
    "release-attendant",
    epilog='Example: kiosk departments release-attendant --name "Rosa Lam" --data var/social-insurance',
)
def release_attendant(*, name: AttendantName, data: DataFolder = None, database: DatabaseUrl = None) -> None:
    """Let an attendant confirm no more, at once. What they confirmed stays."""
    with _records(_ATTENDED, data, database) as session:
        if not _attendants().release(session, _name(name), system_clock()):
            raise typer.BadParameter("there is no attendant of this name", param_hint="--name")
    typer.echo(f"{name} is released")


@departments_app.command("seal-key", epilog="Example: kiosk departments seal-key --out seal.key.pem --csr seal.csr.pem")
def make_seal_key(
    *,
    out: Annotated[Path, typer.Option(help="Where the private key goes (PEM, mode 0600); must not exist.")],
    csr: Annotated[Path, typer.Option(help="Where the request for its certificate goes (PKCS #10, PEM).")],
) -> None:
    """Make the key of a department's seal, and the request that `cardsvc department seal` certifies."""
    key, request = make_key()
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--out") from error
    csr.write_bytes(request)
    typer.echo(f"{out} and {csr}")


def _attendants() -> ModuleType:
    """Of that department alone, whose tables are not everybody's."""
    return import_module(f"{DEPARTMENTS[_ATTENDED]}.attendants")


@contextmanager
def _records(code: str, data: Path | None, database: str | None) -> Iterator[Session]:
    engine = open_database(_database_url(code, data, database))
    try:
        with session_factory(engine).begin() as session:
            yield session
    finally:
        engine.dispose()


def _name(officer: str) -> str:
    name = officer.strip()
    if not name or len(name) > 40 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 40 letters", param_hint="--officer")
    return name


def _load_key(path: Path) -> ECKey:
    try:
        return load_key(path)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error


def _press(department: Department, key: Path | None, certificates: Path | None, public_url: str | None) -> Press | None:
    if not department.gives_papers:
        return None
    if key is None or certificates is None or public_url is None:
        raise typer.BadParameter(
            f"{department.code} gives papers: give --seal-key, --seal-certificates and --public-url"
        )
    try:
        return Press(Seal.load(key, certificates), department.titles, public_url)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--seal-key, --seal-certificates") from error


def _roots(department: Department, root: Path | None) -> list[x509.Certificate]:
    if not department.has_signed:
        return []
    if root is None:
        raise typer.BadParameter(f"{department.code} has documents signed: give --root")
    try:
        return x509.load_pem_x509_certificates(root.read_bytes())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--root") from error


def _database_url(code: str, data: Path | None, database: str | None) -> str:
    if database is not None and data is None:
        return database
    if data is None or database is not None:
        raise typer.BadParameter("records are kept either in a folder (--data) or in a --database")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{data / code}.sqlite"


@departments_app.command("list", epilog="Example: kiosk departments list http://127.0.0.1:8101 --language zh-Hans")
def list_offers(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="Addresses of departments.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifests as JSON.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the table.")] = Language.ENGLISH,
) -> None:
    """List the services of departments as their manifests describe them."""
    manifests = [_manifest(url) for url in urls]
    if as_json:
        content: list[dict[str, Any]] = [manifest.model_dump(mode="json") for manifest in manifests]
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    Console().print(_table(manifests, language))


def _manifest(url: str) -> Manifest:
    try:
        response = httpx.get(url.rstrip("/") + MANIFEST_PATH, timeout=10)
        response.raise_for_status()
        return Manifest.model_validate_json(response.content)
    except httpx.HTTPError as error:
        raise typer.BadParameter(f"no department answers at {url}: {error}") from error
    except ValidationError as error:
        raise typer.BadParameter(f"what answers at {url} is no department: {error}") from error


def _table(manifests: list[Manifest], language: Language) -> Table:
    table = Table("Department", "Service", "Level", "Wants to know", Column("Code", no_wrap=True, overflow="fold"))
    for manifest in manifests:
        for service in _offered(manifest):
            table.add_row(
                text_in(manifest.titles, language),
                text_in(service.titles, language),
                service.level,
                ", ".join(service.attributes) or "-",
                f"{manifest.department}/{service.code}",
            )
    return table


def _offered(manifest: Manifest) -> Iterator[ServiceDescription]:
    yield from manifest.services
    for turns in manifest.in_turn:
        yield from (turns.first, turns.second)
