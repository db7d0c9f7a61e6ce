"""`city`: a whole city on this machine."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cardsvc.wire.manifest import Language
from kiosk.city.card_table import Position
from kiosk.city.counter.run import Opening, run_counter
from kiosk.city.counter.run import move_card as move_counter_card
from kiosk.city.counter.table import Reader
from kiosk.city.demo import run_demo
from kiosk.city.processes import ProcessFailed
from kiosk.city.run import move_card, run_city
from kiosk.city.sandbox.commands import app as sandbox_app
from kiosk.city.stage import Transport
from kiosk.desk.colours import Theme
from kiosk.desk.screen import why_no_screen
from kiosk.logs import configure_logs
from readers.errors import PcscUnavailable

app = typer.Typer(
    help="A whole city on this machine: card service, departments, kiosk, readers and a card.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(sandbox_app, name="sandbox")


@app.callback()
def city() -> None:
    """Their output is for people, and for programs that read it: of the steps' log only what is wrong."""
    configure_logs(logging.WARNING)


TransportOption = Annotated[
    Transport | None,
    typer.Option(help="Insist on real PC/SC or on in-process readers; by default PC/SC where this machine has it."),
]
FOLDER = Path("var")


@app.command(epilog="Example: city demo --transport loopback")
def demo(transport: TransportOption = None) -> None:
    """Run the main job once, from an empty city to a revoked card; exit 1 when any step fails.

    The steps are also written to var/demo/report.json.
    """
    with _said_plainly():
        went_well = run_demo(FOLDER / "demo", transport, _console())
    if not went_well:
        raise typer.Exit(1)


@app.command(epilog="Example: city run --kiosk-port 8800")
def run(
    transport: TransportOption = None,
    kiosk_port: Annotated[int, typer.Option(help="Port of the kiosk's screen, where it is free.")] = 8800,
) -> None:
    """Open the city and stay until Ctrl-C. Cards are moved with `city card` or on the card table's page."""
    with _said_plainly():
        run_city(FOLDER / "run", transport, kiosk_port, _console())


@app.command(epilog="Example: city card insert")
def card(position: Annotated[Position, typer.Argument(help="Where to put the resident's card.")]) -> None:
    """Move the card of a running city: hold it to the reader, put it in, or take it away."""
    move_card(FOLDER / "run", position)


@app.command(epilog="Example: city desk --language pt --theme dark")
def desk(
    transport: TransportOption = None,
    language: Annotated[Language | None, typer.Option(help="Of the window.", show_default=False)] = None,
    theme: Annotated[
        Theme | None, typer.Option(help="Light, dark, or as the desktop has it.", show_default=False)
    ] = None,
) -> None:
    """Open a counter: the clerk's desk, two officers with cards, blank cards, and residents; until it is closed.

    Cards are moved with `city desk-card` or on the counter's page.
    """
    if importlib.util.find_spec("PySide6") is None:
        raise typer.BadParameter("the desk's window needs the extra `desk`: pip install 'citizen-card[desk]'")
    no_screen = why_no_screen(os.environ, sys.platform)
    if no_screen is not None:
        raise typer.BadParameter(no_screen)
    with _said_plainly():
        run_counter(FOLDER / "desk", transport, Opening(language, theme), _console())


@app.command(epilog="Example: city desk-card ana officer")
def desk_card(
    name: Annotated[str, typer.Argument(help="The card, as the counter's page names it.")],
    where: Annotated[Reader, typer.Argument(help="Into which reader, or out of it.")],
) -> None:
    """Move a card of an open counter."""
    move_counter_card(FOLDER / "desk", name, where)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """A sentence in place of a traceback where the city cannot be opened on this machine."""
    try:
        yield
    except (ProcessFailed, PcscUnavailable) as error:
        Console(stderr=True).print(f"[bold red]city:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None


def _console() -> Console:
    # A log file has no width of its own, and 80 columns are too few for the table and for addresses.
    return Console() if sys.stdout.isatty() else Console(width=130)


def main() -> None:
    """Entry point."""
    # Whoever ends us politely gets the same as Ctrl-C: everything closed, nothing left behind. A shell starts what it
    # puts in the background deaf to SIGINT; this makes it listen again.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
