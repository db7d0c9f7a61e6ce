"""``kiosk``: run a kiosk, run departments."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from cardsvc.client import ServiceClient, load_key
from cardsvc.wire.manifest import Language
from kiosk import options
from kiosk.browser.keeper import BrowserKeeper, BrowserSetting
from kiosk.catalogue import DepartmentAddress
from kiosk.departments.cli import departments_app
from kiosk.fleet.cli import add_commands
from kiosk.fleet.state import NotEnrolled, StateFolder
from kiosk.logs import configure_logs
from kiosk.offline.stand_by import OfflineEquipment
from kiosk.papers.printer import CupsPrinter, FolderPrinter, Printer
from kiosk.reader_names import CONTACT, CONTACTLESS, NoReaderChosen, ReaderSource
from kiosk.screen.server import ScreenServer, write_link
from kiosk.station import Equipment, Station
from kiosk.visit.ending import Rules
from readers.roles import Roles, RolesInvalid

app = typer.Typer(
    help="Kiosks, where citizens use their cards, and the departments behind them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(departments_app, name="departments")
add_commands(app)


@app.command(
    epilog="Every option can be given in the environment too: KIOSK_SERVICE, KIOSK_CLIENT_ID, … "
    "Example: kiosk run --service http://127.0.0.1:8080 --client-id kiosk-1 --key kiosk-1.jwk "
    '--contactless "Virtual PCD 00 01" --contact "Virtual PCD 00 00" --department education=http://127.0.0.1:8101'
)
def run(
    *,
    state: options.State = None,
    service: options.Service = None,
    client_id: options.ClientId = None,
    key: options.Key = None,
    department: options.Department = None,
    roles: options.Roles = None,
    contactless: options.Contactless = None,
    contact: options.Contact = None,
    issuer: options.Issuer = None,
    language: options.Language = Language.ENGLISH,
    port: options.Port = 0,
    offline: options.Offline = None,
    printer: options.Printer = None,
    print_to: options.PrintTo = None,
    ready_file: options.ReadyFile = None,
    browser: options.Browser = None,
    browser_flag: options.BrowserFlag = None,
) -> None:
    """Run a kiosk until it is stopped.

    Prints "listening on ADDRESS" when it is ready. The screen opens with a link that works once: it is in the ready
    file, or printed when there is none, and so is the next one after each use. A browser of the kiosk's own
    (--browser) needs neither.
    """
    configure_logs()
    client = _client(state, service, client_id, key, issuer)
    held, inserted = _readers(roles, contactless, contact)
    equipment = Equipment(
        client,
        held,
        inserted,
        _departments(department or ()),
        Rules(language=language),
        printer=_printer(printer, print_to),
        offline=None if offline is None else OfflineEquipment(offline, client),
    )

    def announce(link: str) -> None:
        if ready_file:
            write_link(ready_file, link)
        elif browser is None:
            print(f"open {link} (works once)", flush=True)

    for number in (signal.SIGINT, signal.SIGTERM):
        # The server stops at a signal and then raises it again. It must not end the process before the visit is ended.
        signal.signal(number, lambda *_: sys.exit())
    with client, held, inserted, Station(equipment) as station:
        try:
            server = ScreenServer(station.booth, port, announce, _say_ready, station.metrics)
        except OSError as error:
            raise typer.BadParameter(str(error), param_hint="--port") from error
        with _browser(browser, browser_flag or (), server):
            server.serve_until_stopped()


@contextmanager
def _browser(program: str | None, flags: Sequence[str], server: ScreenServer) -> Iterator[None]:
    """The browser that shows the screen, if the kiosk has one of its own."""
    if program is None:
        yield
        return
    keeper = BrowserKeeper(BrowserSetting(program, flags), server.address, server.entrance.open)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


def _departments(given: Sequence[str]) -> tuple[DepartmentAddress, ...]:
    try:
        return tuple(DepartmentAddress.parse(address) for address in given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--department") from error


def _printer(queue: str | None, folder: Path | None) -> Printer | None:
    if queue is not None and folder is not None:
        raise typer.BadParameter("give one of --printer and --print-to", param_hint="--printer")
    if queue is not None:
        return CupsPrinter(queue)
    return FolderPrinter(folder) if folder is not None else None


def _client(
    state: Path | None, service: str | None, client_id: str | None, key: Path | None, issuer: str | None
) -> ServiceClient:
    """The card service, called as whom the state folder says, or the options."""
    try:
        if state is not None:
            folder = StateFolder(state)
            who = folder.identity
            return ServiceClient(who.service, who.client_id, load_key(folder.key_file), issuer=who.issuer)
        if service is None or client_id is None or key is None:
            raise typer.BadParameter("give --state, or --service, --client-id and --key")
        return ServiceClient(service, client_id, load_key(key), issuer=issuer)
    except NotEnrolled as error:
        raise typer.BadParameter(str(error), param_hint="--state") from error
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error


def _readers(roles: Path | None, contactless: str | None, contact: str | None) -> tuple[ReaderSource, ReaderSource]:
    try:
        known = Roles.load(roles) if roles else None
        return ReaderSource.of(CONTACTLESS, contactless, known), ReaderSource.of(CONTACT, contact, known)
    except (RolesInvalid, NoReaderChosen, OSError) as error:
        raise typer.BadParameter(str(error)) from error


def _say_ready(address: str) -> None:
    print(f"listening on {address}", flush=True)


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
