"""A city that stays: everything open, one resident with a card, and a table to move the card about."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import typer
from rich.console import Console
from rich.panel import Panel

from kiosk.city.card_table import CardTable, Position, open_table
from kiosk.city.enrolling import enrol_kiosk, examine_kiosk
from kiosk.city.founding import TITLES, Plan, found, open_kiosk, open_offices
from kiosk.city.issuing import CITIZENS_PIN, RESIDENT, STOCK_NUMBER, issue
from kiosk.city.stage import CardFiles, Stage, Transport, open_stage, why_no_pcsc


def run_city(folder: Path, wanted: Transport | None, kiosk_port: int, console: Console) -> None:
    """Open everything and wait for Ctrl-C."""
    with ExitStack() as running:
        room = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="city-")))
        stage = running.enter_context(open_stage(room, wanted))
        plan = replace(Plan.for_folder(room, kiosk_port, tuple(TITLES)), enrols_kiosk=True)
        console.print("Founding the city …")
        found(plan)
        console.print("Opening the card service and the departments …")
        running.enter_context(open_offices(plan))
        card = CardFiles.named(room, STOCK_NUMBER)
        console.print("Issuing a card to a resident …")
        issue(plan, stage, card)
        enrol_kiosk(plan)
        running.enter_context(open_kiosk(plan, stage))
        console.print(f"Kiosk doctor: {examine_kiosk(plan, stage)}", soft_wrap=True, markup=False)
        screen = plan.kiosk_link
        table = running.enter_context(open_table(CardTable(stage, card), screen))
        running.enter_context(_announced(folder, table))
        console.print(_welcome(stage, plan, screen, table))
        _wait_for_interrupt()
        console.print("Closing the city.")


def move_card(folder: Path, position: Position) -> None:
    """Tell the city that runs to move the card."""
    try:
        table = json.loads((folder / "city.json").read_text())["card_table"]
        # The answer to a browser's form is a redirect, which httpx takes for an error unless it may follow it.
        httpx.post(f"{table}card", data={"position": position.value}, follow_redirects=True).raise_for_status()
    except (OSError, httpx.HTTPError) as error:
        raise typer.BadParameter("no city is running here: start one with `make run`") from error


@contextmanager
def _announced(folder: Path, table: str) -> Iterator[None]:
    """Leave the address of the card table where `city card` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "city.json"
    file.write_text(json.dumps({"card_table": table}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _welcome(stage: Stage, plan: Plan, screen: str, table: str) -> Panel:
    how = "the real PC/SC stack" if stage.transport is Transport.PCSC else f"in-process ({why_no_pcsc() or 'as asked'})"
    return Panel(
        f"Kiosk screen   [link={screen}]{screen}[/link]\n"
        f"Card table     [link={table}]{table}[/link]   or:  .venv/bin/city card hold | insert | off\n"
        f"The card is {RESIDENT.name_latin}'s; its PIN is [bold]{CITIZENS_PIN}[/]\n"
        f"Printer        none; what is printed is put into {plan.printed}\n"
        f"Card service   {plan.service_url}\n"
        f"Readers        {how}\n"
        "Ctrl-C closes the city.",
        title="The city is open",
        title_align="left",
        expand=False,
    )


def _wait_for_interrupt() -> None:
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
