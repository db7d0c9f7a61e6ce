"""A city that stays: everything open, one resident with a card, and a table to move the card about."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import typer
from rich.console import Console
from rich.panel import Panel

from kiosk.city.announcing import NothingIsOpen, announced, tell
from kiosk.city.card_table import CardTable, Position, open_table
from kiosk.city.enrolling import enrol_kiosk, examine_kiosk
from kiosk.city.founding import TITLES, Plan, found, open_kiosk, open_offices
from kiosk.city.issuing import CITIZENS_PIN, RESIDENT, STOCK_NUMBER, issue
from kiosk.city.stage import CardFiles, Stage, Transport, open_stage, why_no_pcsc

_ANNOUNCED: Final = "city.json"


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
        running.enter_context(announced(folder / _ANNOUNCED, table))
        console.print(_welcome(stage, plan, screen, table))
        _wait_for_interrupt()
        console.print("Closing the city.")


def move_card(folder: Path, position: Position) -> None:
    """Tell the city that runs to move the card."""
    try:
        tell(folder / _ANNOUNCED, {"position": position.value}).raise_for_status()
    except (NothingIsOpen, httpx.HTTPStatusError) as error:
        raise typer.BadParameter("no city is running here: start one with `make run`") from error


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
