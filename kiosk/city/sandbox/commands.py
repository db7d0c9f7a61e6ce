"""``city sandbox``: open one; and, from another terminal, play in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from cardsvc.client import ClientError
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.jose import JwtRefused
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Card
from cardsvc.wire.locks import CardLock
from kiosk.catalogue import DepartmentAddress
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.processes import ProcessFailed
from kiosk.city.sandbox import playing, screen
from kiosk.city.sandbox.opening import open_sandbox, wait_for_interrupt
from kiosk.city.sandbox.people import PEOPLE
from kiosk.city.sandbox.room import Holder, Room, SandboxTrouble
from kiosk.city.sandbox.screen import open_screen
from kiosk.city.sandbox.visiting import answer
from kiosk.city.stage import Place
from readers.errors import ReaderError

app = typer.Typer(invoke_without_command=True)

PersonArgument = Annotated[str, typer.Argument(help="A test person, for example chen-jiaxin.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
FOLDER: Final = Path("var/sandbox")
PORT: Final = 8090
_WIDTH: Final = 130


@app.callback(epilog="Example: city sandbox, and in another terminal: city sandbox people")
def sandbox(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option(envvar="CITY_SANDBOX", help="Where everything of it is, for as long as it is open.")
    ] = FOLDER,
    port: Annotated[int, typer.Option(help="Port of the card service, where it is free.")] = PORT,
    client_ca: Annotated[
        Path | None,
        typer.Option(
            help="Serve HTTPS, and ask callers for certificates of these authorities (PEM); one that is self-signed"
            " is its own authority.",
        ),
    ] = None,
) -> None:
    """A card service with test people and test cards, for developers of departments. Stays open until Ctrl-C.

    The commands below play in the one that is open.
    """
    ctx.obj = folder
    if ctx.invoked_subcommand is not None:
        return
    # A log file has no width of its own.
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    with _said_plainly(), open_sandbox(folder, port, console.print, client_ca) as room:
        console.print(_welcome(room))
        wait_for_interrupt()
        console.print("Closing the sandbox. Nothing of it is kept.")


@app.command(epilog="Example: city sandbox people --json")
def people(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """See who the test people are, and how each card is now."""
    with _said_plainly():
        room = Room.at(ctx.obj)
        rows = [_row(room, holder) for holder in room.holders.values()]
    if as_json:
        _print({"pin": CITIZENS_PIN, "people": rows})
        return
    table = Table(*rows[0], box=box.SIMPLE)
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=_WIDTH).print(table)


@app.command(
    epilog="Example: city sandbox tap chen-jiaxin --department my-department --service my-service --attributes district"
)
def tap(
    ctx: typer.Context,
    person: PersonArgument,
    *,
    department: Annotated[str, typer.Option(help="Code of the department.")],
    service: Annotated[str, typer.Option(help="Code of the service.")],
    level: Annotated[Level, typer.Option(help="Held to the reader (tap), or put in with the PIN.")] = Level.TAP,
    attributes: Annotated[str, typer.Option(help="What the person agrees to tell, with commas between.")] = "",
    questions: Annotated[str, typer.Option(help="What they agree to have answered, for example age-at-least:60.")] = "",
) -> None:
    """Use a department's service at a kiosk with a test card; print the assertion that the department gets (JSON)."""
    told, answered = ([name for name in names.split(",") if name] for names in (attributes, questions))
    with _playing(ctx, person) as (room, holder):
        assertion = playing.take_to_kiosk(
            room, holder, level, department=department, service=service, attributes=told, questions=answered
        )
    _print({"person": person, "level": level.value, "assertion": assertion})


def _deed(name: str, act: Callable[[Room, Holder], Card], what: str) -> None:
    def command(ctx: typer.Context, person: PersonArgument) -> None:
        with _playing(ctx, person) as (room, holder):
            card = act(room, holder)
        _print({"person": person, "card": card.state.value})

    app.command(name, help=what, epilog=f"Example: city sandbox {name} chen-jiaxin")(command)


_deed("hold", playing.hold, "Stop a test card for now.")
_deed("reinstate", playing.reinstate, "Put a test card that is held into force again.")
_deed("revoke", playing.revoke, "Withdraw a test card for good.")
_deed("decease", playing.decease, "Have the registry tell that a test person died.")
_deed("replace", playing.replace_card, "Give a test person another card; the one they had is revoked.")


@app.command(epilog="Example: city sandbox kiosk --department my-department=http://127.0.0.1:8100")
def kiosk(
    ctx: typer.Context,
    *,
    department: Annotated[list[str], typer.Option(help="CODE=ADDRESS of a department; may be repeated.")],
    port: Annotated[int, typer.Option(help="Port of the screen on 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """A kiosk that offers your department's services, as in a city. Stays open until Ctrl-C.

    Put cards to it with `city sandbox present`.
    """
    with _said_plainly():
        addresses = [_address(text) for text in department]
        by_code = {address.code: address.base_url for address in addresses}
        with open_screen(Room.at(ctx.obj), by_code, port) as link:
            print(f"The kiosk's screen, for one browser: {link}", flush=True)  # noqa: T201 (what a program reads)
            wait_for_interrupt()


@app.command(epilog="Example: city sandbox present chen-jiaxin --insert; city sandbox present")
def present(
    ctx: typer.Context,
    person: Annotated[str | None, typer.Argument(help="A test person; nobody takes the card away.")] = None,
    *,
    insert: Annotated[
        bool, typer.Option("--insert", help="Into the slot, instead of to the contactless reader.")
    ] = False,
) -> None:
    """Hold a test card to the kiosk of `city sandbox kiosk`, or put it in; without a person: take it away."""
    with _said_plainly():
        room = Room.at(ctx.obj)
        holder = None if person is None else room.holder(person)
        screen.present(room, holder, Place.CONTACT if insert else Place.CONTACTLESS)


@app.command(epilog="Example: city sandbox prove chen-jiaxin --challenge challenge.json")
def prove(
    ctx: typer.Context,
    person: PersonArgument,
    *,
    challenge: Annotated[Path, typer.Option(help="JSON: one of those that POST /v1/challenges gave you.")],
) -> None:
    """Have a test card answer your own challenge, as at a reader of your own; print the proof (JSON)."""
    with _playing(ctx, person) as (room, holder):
        proof = answer(Challenge.model_validate_json(challenge.read_bytes()), holder.card(room.plan))
    _print(proof.model_dump(mode="json"))


def _turn(name: str, act: Callable[[Room, Holder, str], list[CardLock]], what: str) -> None:
    def command(
        ctx: typer.Context, person: PersonArgument, department: Annotated[str, typer.Option(help="Its code.")]
    ) -> None:
        with _playing(ctx, person) as (room, holder):
            locks = act(room, holder, department)
        _print({"person": person, "locked": [lock.department or lock.level for lock in locks]})

    epilog = f"Example: city sandbox {name} chen-jiaxin --department my-department"
    app.command(name, help=what, epilog=epilog)(command)


_turn("lock", playing.lock, "Have a test person lock a department out, at the kiosk.")
_turn("unlock", playing.unlock, "Have a test person let a department in again.")


@app.command(epilog="Example: city sandbox register my-department --key my.pub.jwk --policy policy.json")
def register(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The department's code: its client id.")],
    *,
    key: Annotated[Path, typer.Option(help="Its public key, a JWK.")],
    policy: Annotated[Path, typer.Option(help="JSON: what it may learn, as `cardsvc department add` takes it.")],
    title: Annotated[str, typer.Option(help="For people.")] = "Department under test",
) -> None:
    """Let your department in: two test officers publish its policy. Once more to give it another key or policy."""
    with _said_plainly():
        room = Room.at(ctx.obj)
        published = playing.register(room, code, title, _read(key), _read(policy))
    _print({"client_id": code, "service": room.plan.service_url, "policy_version": published.version})


@contextmanager
def _playing(ctx: typer.Context, person: str) -> Iterator[tuple[Room, Holder]]:
    with _said_plainly():
        room = Room.at(ctx.obj)
        yield room, room.holder(person)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """A sentence in place of a traceback; a refusal of the service with its code."""
    try:
        yield
    except ValidationError as error:
        _complain("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()))
    except (SandboxTrouble, ProcessFailed, ClientError, ReaderError, JwtRefused, OSError) as error:
        _complain(str(error))


def _address(text: str) -> DepartmentAddress:
    try:
        return DepartmentAddress.parse(text)
    except ValueError as error:
        raise SandboxTrouble(str(error)) from None


def _complain(sentence: str) -> None:
    Console(stderr=True).print(f"[bold red]sandbox:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(1) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SandboxTrouble(f"{file} is not a JSON object")
    return content


def _row(room: Room, holder: Holder) -> Mapping[str, Any]:
    (who,) = (person for person in PEOPLE if person.code == holder.code)
    person, card = who.on(datetime.now(UTC).date()), playing.state_of(room, holder)
    return {
        "person": holder.code,
        "name": person.name,
        "name_latin": person.name_latin,
        "birth_date": str(person.birth_date),
        "district": person.district,
        "card": card.state.value,
        "expires_on": str(card.expires_on),
    }


def _print(document: Mapping[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201 (what a program reads)


def _welcome(room: Room) -> Panel:
    certified = "" if room.plan.tls_root is None else f"               certified by {room.plan.tls_root}\n"
    return Panel(
        f"Card service   {room.plan.service_url}\n"
        f"{certified}"
        f"Test people    {len(room.holders)}, each with a card whose PIN is [bold]{CITIZENS_PIN}[/]\n"
        "               city sandbox people\n"
        "Your department\n"
        "               city sandbox register CODE --key PUBLIC.JWK --policy POLICY.JSON\n"
        "A citizen at a kiosk\n"
        "               city sandbox tap PERSON --department CODE --service CODE\n"
        "A kiosk with a screen\n"
        "               city sandbox kiosk --department CODE=ADDRESS, and city sandbox present PERSON\n"
        "A card's life  city sandbox hold | reinstate | revoke | replace | decease | lock | unlock PERSON\n"
        "Its operator   CARDSVC_DATABASE_URL="
        f"sqlite:///{room.plan.database} cardsvc webhook list\n"
        "Ctrl-C closes the sandbox; nothing of it is kept. Go on with docs/departments.md.",
        title="The sandbox is open",
        title_align="left",
        expand=False,
    )
