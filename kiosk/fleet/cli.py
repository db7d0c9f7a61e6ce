"""Commands for whoever sets a kiosk up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cardsvc.client import ClientError, ServiceProblem, enrol_kiosk
from kiosk.catalogue import DepartmentAddress
from kiosk.fleet.doctor import Examined, examine
from kiosk.fleet.state import Identity, StateFolder
from kiosk.reader_names import CONTACT, CONTACTLESS, NoReaderChosen, finder
from readers.roles import Roles, RolesInvalid

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
StateOption = Annotated[
    Path, typer.Option(envvar="KIOSK_STATE", help="The kiosk's own folder: its key and who it is.", file_okay=False)
]


def add_commands(app: typer.Typer) -> None:
    """Put them into a command line."""
    commands: dict[str, Callable[..., None]] = {"enrol": enrol, "doctor": doctor}
    for name, command in commands.items():
        app.command(name)(command)


def enrol(
    service: Annotated[str, typer.Argument(help="Address of the card service.", metavar="URL")],
    *,
    state: StateOption,
    code_file: Annotated[
        Path | None,
        typer.Option(envvar="KIOSK_CODE_FILE", help="Where the code is, for who is not asked.", exists=True),
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="Name of the service, if not its address.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make this kiosk's key, which stays in it, and have the service know the kiosk by it.

    The code that the officer was shown is asked for, or read from standard input or a file: what stands in a command,
    everybody on the machine can read. When no answer came, run it again with the same code.

    Example: kiosk enrol https://cards.example --state /var/lib/kiosk
    """
    folder = StateFolder(state)
    try:
        written = _read_code(code_file)
        enrolled = enrol_kiosk(service, written, folder.next_key(), issuer=issuer)
        base_url = service.rstrip("/")
        folder.take(Identity(base_url, issuer or base_url, enrolled.client_id))
    except ServiceProblem as error:
        _complain(f"{error.problem.title}. {error.problem.detail}")
    except (ClientError, OSError) as error:
        _complain(str(error))
    except ValueError:
        _complain("That is no code: it has six groups of four letters and digits.")
    if as_json:
        print(json.dumps({"client_id": enrolled.client_id, "title": enrolled.title, "thumbprint": enrolled.thumbprint}))
    else:
        print(f"this is {enrolled.client_id}, {enrolled.title}; start it with: kiosk run --state {state} …")


def doctor(
    *,
    state: StateOption,
    roles: Annotated[Path | None, typer.Option(envvar="KIOSK_ROLES", help="As for `kiosk run`.")] = None,
    contactless: Annotated[str | None, typer.Option(envvar="KIOSK_CONTACTLESS", help="Likewise.")] = None,
    contact: Annotated[str | None, typer.Option(envvar="KIOSK_CONTACT", help="Likewise.")] = None,
    department: Annotated[list[str] | None, typer.Option(envvar="KIOSK_DEPARTMENT", help="Likewise.")] = None,
    offline: Annotated[Path | None, typer.Option(envvar="KIOSK_OFFLINE", help="The folder of its journal.")] = None,
    port: Annotated[
        int | None, typer.Option(envvar="KIOSK_PORT", help="Of the screen of the kiosk that runs, to see how it is.")
    ] = None,
    printer: Annotated[str | None, typer.Option(envvar="KIOSK_PRINTER", help="Its queue of CUPS.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at everything a kiosk needs, and say what is wrong and what to do. Exit status 1: something is.

    Example: kiosk doctor --state /var/lib/kiosk --roles /etc/kiosk/roles.toml --port 8400
    """
    try:
        known = Roles.load(roles) if roles else None
        chosen = {CONTACTLESS: contactless, CONTACT: contact}
        readers = {role: finder(role, name, known) for role, name in chosen.items()}
        addresses = tuple(map(DepartmentAddress.parse, department or ()))
    except (RolesInvalid, NoReaderChosen, ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    findings = list(examine(Examined(state, addresses, readers, offline, port, printer)))
    if as_json:
        print(json.dumps({"findings": [asdict(one) | {"well": one.is_well} for one in findings]}, ensure_ascii=False))
    else:
        for one in findings:
            print(f"{'ok  ' if one.is_well else 'BAD '} {one.about}: {one.found}")
            if not one.is_well:
                print(f"     {one.advice}")
    raise typer.Exit(0 if all(one.is_well for one in findings) else 1)


def _read_code(file: Path | None) -> str:
    if file is not None:
        return file.read_text().strip()
    if sys.stdin.isatty():
        print("code: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _complain(sentence: str) -> NoReturn:
    print(f"kiosk: {sentence}", file=sys.stderr)
    raise typer.Exit(1)
