"""Commands for whoever sets a kiosk up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from cardsvc.client import ClientError, ServiceProblem, enrol_kiosk
from kiosk.fleet.state import Identity, StateFolder

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
StateOption = Annotated[
    Path, typer.Option(envvar="KIOSK_STATE", help="The kiosk's own folder: its key and who it is.", file_okay=False)
]
FROM_INPUT: Final = "-"


def add_commands(app: typer.Typer) -> None:
    """Put them into a command line."""
    commands: dict[str, Callable[..., None]] = {"enrol": enrol}
    for name, command in commands.items():
        app.command(name)(command)


def enrol(
    service: Annotated[str, typer.Argument(help="Address of the card service.", metavar="URL")],
    code: Annotated[str, typer.Argument(help="As the officer was shown it; - reads it from standard input.")],
    *,
    state: StateOption,
    issuer: Annotated[str | None, typer.Option(help="Name of the service, if not its address.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make this kiosk's key, which stays in it, and have the service know the kiosk by it.

    When no answer came, run it again with the same code.

    Example: kiosk enrol https://cards.example 7K2M-9QXT-4HBC-VZ8N-1PWR-6DJE --state /var/lib/kiosk
    """
    written = sys.stdin.readline().strip() if code == FROM_INPUT else code
    folder = StateFolder(state)
    try:
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


def _complain(sentence: str) -> NoReturn:
    print(f"kiosk: {sentence}", file=sys.stderr)
    raise typer.Exit(1)
