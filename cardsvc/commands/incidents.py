"""Incidents at departments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from cardsvc import ceremony
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, checked, console, open_session, report
from cardsvc.departments.repository import list_departments
from cardsvc.incidents import service as incidents
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import print_json, reporting
from cardsvc.wire import incidents as wire

app = typer.Typer(help="What went wrong at departments.", no_args_is_help=True)
contact_app = typer.Typer()


@app.command("list")
def list_incidents(
    state: Annotated[wire.IncidentState | None, typer.Option(help="Only those in this state.")] = None,
    as_json: JsonOption = False,
) -> None:
    """See what departments reported, newest first.

    Example: cardsvc incident list --state open
    """
    with reporting(), open_session() as session:
        codes = [row.code for row in list_departments(session, EVERYTHING).rows]
        rows = [incidents.describe(row) for row in incidents.list_incidents(session, codes, state, EVERYTHING).rows]
    if as_json:
        print_json({"incidents": [row.model_dump(mode="json") for row in rows]})
        return
    for row in rows:
        about = f"{row.department}, {row.state}, since {row.since:%Y-%m-%d %H:%M} UTC, {row.people} people"
        console.print(f"{row.id}  {about}\n  {escape(row.what)}", soft_wrap=True, highlight=False)
    if not rows:
        console.print("none")


@app.command("close")
def close(
    incident: Annotated[UUID, typer.Argument(help="The incident's id.")],
    *,
    resolution: Annotated[str, typer.Option(help="What came of it, for the record. No names.")],
    as_json: JsonOption = False,
) -> None:
    """Close an incident.

    Example: cardsvc incident close 01a2212b-… --resolution "the key was replaced"
    """
    with reporting(), open_session() as session:
        closure = checked(wire.IncidentClosure, resolution=resolution)
        row = incidents.close(session, incident, closure.resolution, actor=ceremony.ACTOR, now=system_clock())
        told = incidents.describe(row)
    report(told.model_dump(mode="json"), f"the incident of {escape(told.department)} is closed", as_json)


@contact_app.command("contact")
def set_contact(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    desk: Annotated[str, typer.Option(help="What the duty desk is called.")],
    email: Annotated[str, typer.Option(help="Its address.")],
    telephone: Annotated[str, typer.Option(help="With the country's code, for example +85328881234.")],
    as_json: JsonOption = False,
) -> None:
    """Say whom to call at a department when something is wrong.

    Example: cardsvc department contact education --desk "IT duty" --email it@edu.example --telephone +85328881234
    """
    with reporting(), open_session() as session:
        contact = checked(wire.Contact, desk=desk, email=email, telephone=telephone)
        row = incidents.set_contact(session, code, contact, actor=ceremony.ACTOR, now=system_clock())
        told = incidents.describe_contact(row)
    report(told.model_dump(mode="json"), f"{escape(code)} is reached at {escape(contact.telephone)}", as_json)
