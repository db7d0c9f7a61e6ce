"""See for how long cards could still have been accepted somewhere after they were revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import typer
from rich.bar import Bar
from rich.markup import escape
from rich.table import Table

from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, console, open_database, require_current
from cardsvc.db import reading, session_factory
from cardsvc.reach import reporting as reach
from cardsvc.reporting import print_json, reporting
from cardsvc.wire.reach import RevocationReach

app = typer.Typer()
_WIDTH: Final = 40


@app.command("reach")
def show_reach(
    days: Annotated[int, typer.Option(help="Looked back.", min=1, max=reach.MOST_DAYS)] = reach.DAYS,
    as_json: JsonOption = False,
) -> None:
    """See for how long revoked cards could still have been accepted somewhere, and who has not acknowledged.

    Example: cardsvc reach --days 7
    """
    with reporting(), open_database() as engine:
        require_current(engine)
        with reading(session_factory(engine)) as session:
            found = reach.report(session, days, system_clock())
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _draw(found)


def _draw(found: RevocationReach) -> None:
    console.print(f"{found.revocations} revocations, {found.complete} of them acknowledged by everybody")
    spans = {"p50": found.p50_seconds, "p99": found.p99_seconds, "longest": found.max_seconds}
    window = Table("", "could still be accepted for", "")
    for name, seconds in spans.items():
        if seconds is not None:
            window.add_row(name, _words(seconds), Bar(found.max_seconds or 1, 0, seconds, width=_WIDTH))
    console.print(window)
    parties = Table("kiosk or department", "kind", "must know", "has not acknowledged", "since", "heard from last")
    for party in found.parties:
        parties.add_row(
            escape(party.client_id),
            party.kind,
            str(party.expected),
            str(party.unacknowledged),
            _since(party.oldest_unacknowledged),
            _since(party.last_acknowledged_at),
        )
    console.print(parties)


def _words(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))


def _since(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
