"""Kiosks as machines."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cardsvc import ceremony
from cardsvc.clock import system_clock
from cardsvc.commands import fleet_plans
from cardsvc.commands.shared import JsonOption, checked, console, open_session, report
from cardsvc.fleet import enrolling, standing
from cardsvc.fleet import reporting as fleet
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import print_json, reporting
from cardsvc.wire import fleet as wire

app = typer.Typer(help="Kiosks: enrolled, heard from, taken out of service.", no_args_is_help=True)
app.add_typer(fleet_plans.app)

KioskName = Annotated[str, typer.Argument(help="The kiosk's client id.")]


@app.command("add")
def add(
    *,
    client_id: Annotated[str, typer.Option(help="Its name in every token and audit record.")],
    title: Annotated[str, typer.Option(help="For people.")],
    office: Annotated[str | None, typer.Option(help="Where it stands.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Have a place for a kiosk, and a code that lets it in, once, within a day. At the kiosk: `kiosk enrol`.

    Example: cardsvc kiosk add --client-id kiosk-1 --title "Town hall"
    """
    with reporting(), open_session() as session:
        raw = secrets.token_bytes(wire.CODE_BYTES)
        request = checked(wire.KioskRequest, client_id=client_id, title=title, office=office)
        code = enrolling.add_kiosk(session, request, raw, actor=ceremony.ACTOR, now=system_clock())
    _show(code, as_json)


@app.command("code")
def make_code(client_id: KioskName, as_json: JsonOption = False) -> None:
    """Have another code made: the kiosk was not enrolled in time, or has lost its key.

    Example: cardsvc kiosk code kiosk-1
    """
    with reporting(), open_session() as session:
        raw = secrets.token_bytes(wire.CODE_BYTES)
        code = enrolling.renew_code(session, client_id, raw, actor=ceremony.ACTOR, now=system_clock())
    _show(code, as_json)


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """See how all kiosks are.

    Example: cardsvc kiosk list --json
    """
    with reporting(), open_session() as session:
        now = system_clock()
        rows = fleet.describe_all(session, fleet.list_kiosks(session, EVERYTHING).rows, now)
    if as_json:
        print_json({"kiosks": [row.model_dump(mode="json") for row in rows]})
    else:
        console.print(_table(rows, now))


@app.command("disable")
def disable(
    client_id: KioskName,
    *,
    reason: Annotated[str, typer.Option(help="For colleagues. No names.")],
    as_json: JsonOption = False,
) -> None:
    """Take a kiosk out of service, at once; it shows that, and hears by itself when it is enabled.

    Example: cardsvc kiosk disable kiosk-1 --reason "the door was forced"
    """
    with reporting(), open_session() as session:
        now = system_clock()
        request = checked(wire.KioskDisabling, reason=reason)
        kiosk = standing.disable(session, client_id, request.reason, actor=ceremony.ACTOR, now=now)
        (told,) = fleet.describe_all(session, [kiosk], now)
    report(told.model_dump(mode="json"), f"{escape(client_id)} is out of service", as_json)


@app.command("enable")
def enable(client_id: KioskName, as_json: JsonOption = False) -> None:
    """Put a kiosk into service again.

    Example: cardsvc kiosk enable kiosk-1
    """
    with reporting(), open_session() as session:
        now = system_clock()
        kiosk = standing.enable(session, client_id, actor=ceremony.ACTOR, now=now)
        (told,) = fleet.describe_all(session, [kiosk], now)
    report(told.model_dump(mode="json"), f"{escape(client_id)} is in service again", as_json)


def _table(rows: Sequence[wire.Kiosk], now: datetime) -> Table:
    table = Table("kiosk", "title", "state", "heard from", "software", "readers", "plan", "journal")
    for row in rows:
        said = row.report
        heard = "never" if row.last_seen_at is None else f"{(now - row.last_seen_at).total_seconds():.0f} s ago"
        more = ("", "", "", "") if said is None else (said.software, *_condition(said))
        table.add_row(escape(row.client_id), escape(row.title), row.state, heard, *map(escape, more))
    return table


def _condition(said: wire.Heartbeat) -> tuple[str, str, str]:
    conditions = {"contactless": said.contactless, "contact": said.contact}
    broken = [name for name, condition in conditions.items() if condition is not wire.ReaderCondition.READY]
    if said.card_left_age is not None:
        broken.append(f"card left behind {said.card_left_age} s ago")
    return ", ".join(broken) or "ready", str(said.plan_version), str(said.journal_entries)


def _show(code: wire.EnrolmentCode, as_json: bool) -> None:
    told = f"{escape(code.client_id)} is enrolled with {code.code}, once, until {code.expires_at:%F %R} UTC"
    report(code.model_dump(mode="json"), told, as_json)
