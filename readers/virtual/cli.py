"""``readers card``: make a software card, and put it on a reader of pcscd."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from readers.commands.shared import JsonOption, kind_of, print_json
from readers.errors import ReaderError
from readers.virtual import attesting, vpcd
from readers.virtual.card import VirtualCard
from readers.virtual.journal import Journal
from readers.virtual.profiles import PROFILES, STRICT, YUBICO_LIKE, CardProfile

card_app = typer.Typer(help="Software PIV cards, for tests and demonstrations.", no_args_is_help=True)


def _known(name: str) -> str:
    if name not in PROFILES:
        raise typer.BadParameter(f"there are {', '.join(PROFILES)}")
    return name


_ProductOption = Annotated[
    str, typer.Option(help=f"What kind of card a new one is: {', '.join(PROFILES)}.", callback=_known)
]
_StrictOption = Annotated[
    bool, typer.Option("--strict", help="A new card is SP 800-73-5 and nothing else: short for --product strict.")
]
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@card_app.command()
def serve(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port of the vpcd driver; 35963, or 35964 with --contactless.", show_default=False, min=1, max=65_535
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Host pcscd runs on.")] = "127.0.0.1",
    state: Annotated[Path, typer.Option(help="The card's memory; a blank card if there is no such file.")] = Path(
        "card.json"
    ),
    contactless: Annotated[bool, typer.Option("--contactless", help="Hold it to the contactless reader.")] = False,
    journal: Annotated[Path | None, typer.Option(help="Append one JSON line for each APDU (never its data).")] = None,
    product: _ProductOption = YUBICO_LIKE.name,
    strict: _StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a card on the virtual reader of pcscd, and leave it there until interrupted.

    Says when it is there, and when it waits since nothing listens: pcscd is not running, or lacks the driver (Debian:
    vsmartcard-vpcd). With --json each of these is one line.

    Example: readers card serve --state anna.json --product pivapplet-like   (in another terminal: opensc-tool -n)
    """
    if port is None:
        port = vpcd.CONTACTLESS_PORT if contactless else vpcd.CONTACT_PORT
    with ExitStack() as stack:
        meter = stack.enter_context(Journal(journal)) if journal else None
        profile = STRICT if strict else PROFILES[product]
        card = stack.enter_context(_card(state, profile, contactless=contactless, journal=meter, as_json=as_json))
        stop = stack.enter_context(_stopped_by_signals())
        interface, where = "contactless" if contactless else "contact", f"{host}:{port}"

        def tell(state_of_things: vpcd.Whereabouts) -> None:
            if as_json:
                said = {"card": str(state), "state": state_of_things, "address": where, "contactless": contactless}
                typer.echo(json.dumps(said))
            elif state_of_things is vpcd.Whereabouts.WAITING:
                typer.echo(f"waiting for pcscd at {where}")
            else:
                typer.echo(f"{state.name} is on {where} ({interface})")

        vpcd.serve(card, stop, host=host, port=port, tell=tell)


@card_app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where the card keeps its memory; must not exist.")],
    *,
    product: _ProductOption = YUBICO_LIKE.name,
    strict: _StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a blank card: PIN 123456, PUK 12345678, the well-known management key.

    Example: readers card new anna.json --product openfips201-like
    """
    if file.exists():
        raise _refused("card-exists", f"{file} is there already: a card is not made twice", as_json=as_json)
    profile = STRICT if strict else PROFILES[product]
    with _card(file, profile, contactless=False, journal=None, as_json=as_json):
        if as_json:
            print_json({"card": str(file), "product": profile.name})
        else:
            typer.echo(f"{file}: a blank card")


@card_app.command()
def root() -> None:
    """Print, in PEM, the root that vouches for the keys of software cards. Only a test trusts it.

    Example: readers card root > software-card-root.pem
    """
    typer.echo(attesting.root().public_bytes(Encoding.PEM).decode(), nl=False)


@contextmanager
def _stopped_by_signals() -> Iterator[vpcd.Stop]:
    stop = vpcd.Stop()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _ENDING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()


def _card(
    state: Path, profile: CardProfile, *, contactless: bool, journal: Journal | None, as_json: bool
) -> VirtualCard:
    try:
        return VirtualCard(state, contactless=contactless, profile=profile, journal=journal)
    except ReaderError as error:
        raise _refused(kind_of(error), str(error), as_json=as_json) from None
    except OSError as error:
        why = (error.strerror or "cannot be used").lower()
        raise _refused("file-unusable", f"{state}: {why}", as_json=as_json) from None


def _refused(kind: str, detail: str, *, as_json: bool) -> typer.Exit:
    if as_json:
        print_json({"error": kind, "detail": detail})
    else:
        typer.echo(detail, err=True)
    return typer.Exit(1)


if __name__ == "__main__":
    card_app()
