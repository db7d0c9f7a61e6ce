"""Where departments have their events sent, how that goes, and having them sent again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Column, Table

from cardsvc import ceremony
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, console, open_session, read_settings, report
from cardsvc.departments.repository import get_department
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import print_json, reporting
from cardsvc.trust.keystores import load_keystore
from cardsvc.webhooks import feed, subscribing
from cardsvc.webhooks.addresses import AddressRules
from cardsvc.wire.webhooks import Delivery, DeliveryState, ReplayRequest, Subscription, SubscriptionSecret

app = typer.Typer(help="Events for departments, as they are sent.", no_args_is_help=True)

CodeArgument = Annotated[str, typer.Argument(help="The department's code.")]
_OK: Final = "accepted"


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """See to which departments events are sent, and how that goes.

    Example: cardsvc webhook list
    """
    with reporting(), open_session() as session:
        page = subscribing.list_subscriptions(session, EVERYTHING)
        rows = [subscribing.describe(session, row) for row in page.rows]
    if as_json:
        print_json({"subscriptions": [row.model_dump(mode="json") for row in rows]})
        return
    table = Table("department", "state", "waiting", "failing since", "URL")
    for row in rows:
        table.add_row(row.department, row.state, str(row.waiting), _time(row.failing_since), escape(row.url))
    console.print(table)


@app.command("add")
def add(
    code: CodeArgument,
    url: Annotated[str, typer.Option(help="https://…, where the department takes events.")],
    as_json: JsonOption = False,
) -> None:
    """Have a department's events sent, or sent elsewhere. Prints the secret that signs them, once.

    Example: cardsvc webhook add education --url https://education.example/card-events
    """
    with reporting(), open_session() as session:
        settings = read_settings()
        rules = AddressRules(settings.webhook_private_addresses, settings.webhook_plain_http)
        keystore, now = load_keystore(settings), system_clock()
        told = subscribing.subscribe(session, keystore, rules, code, url, actor=ceremony.ACTOR, now=now)
    _show_secret(told, as_json)


@app.command("rotate-secret")
def rotate_secret(
    code: CodeArgument,
    overlap_hours: Annotated[int, typer.Option(help="So long the old one signs, too.", min=0, max=720)] = 24,
    as_json: JsonOption = False,
) -> None:
    """Make another secret and print it, once. With --overlap-hours 0 the old one, which was stolen, is out at once.

    Example: cardsvc webhook rotate-secret education --overlap-hours 48
    """
    with reporting(), open_session() as session:
        keystore, overlap = load_keystore(read_settings()), timedelta(hours=overlap_hours)
        told = subscribing.rotate_secret(session, keystore, code, overlap, actor=ceremony.ACTOR, now=system_clock())
    _show_secret(told, as_json)


@app.command("disable")
def disable(code: CodeArgument, as_json: JsonOption = False) -> None:
    """Send a department nothing any more. Its feed goes on.

    Example: cardsvc webhook disable education
    """
    with reporting(), open_session() as session:
        row = subscribing.disable(session, code, actor=ceremony.ACTOR, now=system_clock())
        told = subscribing.describe(session, row)
    _show(told, as_json)


@app.command("resume")
def resume(code: CodeArgument, as_json: JsonOption = False) -> None:
    """Send a department what waits, now: it is back, or was disabled.

    Example: cardsvc webhook resume education
    """
    with reporting(), open_session() as session:
        row = subscribing.resume(session, code, actor=ceremony.ACTOR, now=system_clock())
        told = subscribing.describe(session, row)
    _show(told, as_json)


@app.command("deliveries")
def deliveries(
    code: CodeArgument,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that wait, or that were accepted.")] = None,
    after: Annotated[UUID | None, typer.Option(help="After this event.")] = None,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=500)] = 50,
    as_json: JsonOption = False,
) -> None:
    """See which events were sent to a department, how often, what it answered, and when the next try is.

    Example: cardsvc webhook deliveries education --state waiting
    """
    with reporting(), open_session() as session:
        page = feed.read_deliveries(session, get_department(session, code), after, limit, state)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    table = Table("number", Column("event", no_wrap=True), "type", "happened", "attempts", "came of it", "next try")
    for row in page.deliveries:
        table.add_row(
            str(row.number),
            str(row.event_id),
            row.type,
            _time(row.occurred_at),
            str(row.attempts),
            _outcome(row),
            _time(row.next_at),
        )
    console.print(table)
    if page.next is not None:
        console.print(f"more: --after {page.next}")


@app.command("replay")
def replay(
    code: CodeArgument,
    since: Annotated[UUID, typer.Option(help="The first event to be sent again; all later ones follow.")],
    as_json: JsonOption = False,
) -> None:
    """Have the service send events again, in order for each person. The ids stay: whoever has them already knows it.

    Example: cardsvc webhook replay education --since 01949d1a-7e7b-7c3e-9f5e-3f1f6a1b2c3d
    """
    with reporting(), open_session() as session:
        request = ReplayRequest(since=since)
        count = subscribing.replay(session, code, request, actor=ceremony.ACTOR, now=system_clock())
    report({"events": count}, f"{count} events will be sent again to {escape(code)}", as_json)


def _show(told: Subscription, as_json: bool) -> None:
    words = f"{escape(told.department)} is {told.state}; {told.waiting} events wait"
    report(told.model_dump(mode="json"), words, as_json)


def _show_secret(told: SubscriptionSecret, as_json: bool) -> None:
    words = (
        f"{escape(told.subscription.department)}: events go to {escape(told.subscription.url)}\nsecret: {told.secret}"
    )
    report(told.model_dump(mode="json"), words, as_json)


def _outcome(row: Delivery) -> str:
    if row.state is DeliveryState.DELIVERED:
        return _OK
    if not row.latest:
        return ""
    return str(row.latest[0].failure or row.latest[0].status)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
