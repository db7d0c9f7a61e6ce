"""Do what is due because time has passed."""

from __future__ import annotations

from datetime import timedelta

import typer

from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, open_database, read_settings, report, require_current
from cardsvc.db import session_factory
from cardsvc.reporting import reporting
from cardsvc.sealed.vault import Vault
from cardsvc.timekeeping import Timekeeper
from cardsvc.trust.keystores import load_keystore

app = typer.Typer(help="What happens because time passes.", no_args_is_help=True)


@app.callback()
def about() -> None:
    """Lost cards that nobody found, cards and approvals that are over, reservations; the day's sealed entries."""


@app.command()
def run(as_json: JsonOption = False) -> None:
    """Do what is due now, as the service does every minute. Safe to repeat; one process at a time does it.

    Example: cardsvc clock run --json
    """
    with reporting():
        settings = read_settings()
        with open_database(settings) as engine:
            require_current(engine)
            reservation = timedelta(hours=settings.reservation_hours)
            vault = Vault(load_keystore(settings), settings.sealed_entries)
            outcome = Timekeeper(session_factory(engine), system_clock, reservation, vault).run()
    told = ", ".join(f"{name}: {count}" for name, count in outcome.done.items() if count) or "nothing was due"
    report(
        {"busy": outcome.busy, "done": outcome.done},
        "another process is at it" if outcome.busy else told,
        as_json,
    )
