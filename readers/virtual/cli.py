"""``readers card``: make a software card, and put it on a reader of pcscd."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from readers.errors import ReaderError
from readers.virtual import vpcd
from readers.virtual.card import VirtualCard
from readers.virtual.journal import Journal
from readers.virtual.profiles import STRICT, YUBICO_LIKE

card_app = typer.Typer(help="Software PIV cards, for tests and demonstrations.", no_args_is_help=True)

_StrictOption = Annotated[bool, typer.Option("--strict", help="A new card is SP 800-73-5 and nothing else.")]
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@card_app.command()
def serve(
    *,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the vpcd driver; 35963, or 35964 with --contactless.", show_default=False),
    ] = None,
    host: Annotated[str, typer.Option(help="Host pcscd runs on.")] = "127.0.0.1",
    state: Annotated[Path, typer.Option(help="The card's memory; a blank card if there is no such file.")] = Path(
        "card.json"
    ),
    contactless: Annotated[bool, typer.Option("--contactless", help="Hold it to the contactless reader.")] = False,
    journal: Annotated[Path | None, typer.Option(help="Append one JSON line for each APDU (never its data).")] = None,
    strict: _StrictOption = False,
) -> None:
    """Put a card on the virtual reader of pcscd, and leave it there until interrupted.

    Example: readers card serve --state anna.json   (and in another terminal: opensc-tool -n)
    """
    if port is None:
        port = vpcd.CONTACTLESS_PORT if contactless else vpcd.CONTACT_PORT
    with ExitStack() as stack:
        meter = stack.enter_context(Journal(journal)) if journal else None
        card = stack.enter_context(_card(state, contactless=contactless, strict=strict, journal=meter))
        stop = stack.enter_context(_stopped_by_signals())
        typer.echo(f"{state.name} goes on {host}:{port} ({'contactless' if contactless else 'contact'})")
        vpcd.serve(card, stop, host=host, port=port)


@card_app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where the card keeps its memory; must not exist.")],
    strict: _StrictOption = False,
) -> None:
    """Make a blank card: PIN 123456, PUK 12345678, the well-known management key.

    Example: readers card new anna.json
    """
    if file.exists():
        typer.echo(f"{file} is there already: a card is not made twice", err=True)
        raise typer.Exit(1)
    with _card(file, contactless=False, strict=strict, journal=None):
        typer.echo(f"{file}: a blank card")


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


def _card(state: Path, *, contactless: bool, strict: bool, journal: Journal | None) -> VirtualCard:
    try:
        return VirtualCard(state, contactless=contactless, profile=STRICT if strict else YUBICO_LIKE, journal=journal)
    except (ReaderError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    card_app()
