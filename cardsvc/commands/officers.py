"""Officers, their roles and offices.

A role takes two officers here as well: each signs with their own key. What needs one person over HTTP needs none here,
since whoever runs commands has the database in their hands; it is on record as `ceremony`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy.orm import Session

from cardsvc import ceremony
from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import find_newest
from cardsvc.callers import officers
from cardsvc.callers.models import Caller
from cardsvc.client import ClientError, ServiceClient
from cardsvc.clock import system_clock
from cardsvc.commands.presence import SigningOfficer, present
from cardsvc.commands.shared import JsonOption, JwkOption, open_session, read_json, report
from cardsvc.offices import service as offices
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import CommandRefused, reporting
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.officers import Officer, OfficeRequest, Role
from cardsvc.wire.scopes import Scope

app = typer.Typer(help="Officers and their roles.", no_args_is_help=True)
office_app = typer.Typer(help="Places where officers work.", no_args_is_help=True)

OfficerName = Annotated[str, typer.Argument(help="The officer's client id.")]


@app.command("add")
def add(
    *,
    client_id: Annotated[str, typer.Option(help="The officer's name in every token and audit record.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    office: Annotated[str | None, typer.Option(help="Where they work.")] = None,
    citizen: Annotated[UUID | None, typer.Option(help="The officer as a resident, by citizen id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let an officer in, without any role.

    Example: cardsvc officer add --client-id cy --title "Cy Lam" --jwk cy.pub.jwk --office hengqin-1
    """
    with reporting(), open_session() as session:
        officer = officers.add_officer(
            session,
            client_id=client_id,
            title=title,
            public_jwk=read_json(jwk),
            office=office,
            citizen_id=citizen,
            actor=ceremony.ACTOR,
            now=system_clock(),
        )
        _tell(session, officer, f"{escape(client_id)} is in, and has no role yet", as_json)


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """See who the officers are, and which roles they have.

    Example: cardsvc officer list --json
    """
    with reporting(), open_session() as session:
        rows = [officers.describe(session, row) for row in officers.list_officers(session, EVERYTHING).rows]
    told = "\n".join(f"{escape(row.client_id)}: {_state(row)}" for row in rows)
    report({"officers": [row.model_dump(mode="json") for row in rows]}, told or "nobody", as_json)


@app.command("change")
def change(
    client_id: OfficerName,
    *,
    title: Annotated[str | None, typer.Option(help="For people.")] = None,
    office: Annotated[str | None, typer.Option(help="Where they work.")] = None,
    citizen: Annotated[UUID | None, typer.Option(help="The officer as a resident, by citizen id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change an officer's title, office or citizen.

    Example: cardsvc officer change cy --office taipa
    """
    with reporting(), open_session() as session:
        officer = officers.change_officer(
            session,
            client_id,
            title=title,
            office=office,
            citizen_id=citizen,
            actor=ceremony.ACTOR,
            now=system_clock(),
        )
        _tell(session, officer, f"{escape(client_id)} is changed", as_json)


@app.command("confirm-card")
def confirm_card(
    client_id: OfficerName,
    card: Annotated[UUID, typer.Argument(help="The card's UUID, as `readers inspect` shows it.")],
    *,
    service: Annotated[str, typer.Option(help="The service's URL.")],
    key: Annotated[Path, typer.Option(help="The officer's private key.")],
    issuer: Annotated[str | None, typer.Option(help="The service's name, where that is not its URL.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a card is one's own, over the network: then it signs one in at desks. For the officer.

    Example: cardsvc officer confirm-card cy 0b2e9c1c-6a1f-4c39-9d7e-52d3f3a8e0b1 \
      --service https://cards.example --key cy.jwk
    """
    with reporting():
        try:
            with ServiceClient(service, client_id, key, issuer=issuer) as client:
                officer = client.confirm_card(card)
        except ClientError as error:
            raise CommandRefused(f"The service did not take the card: {error}") from None
    report(
        officer.model_dump(mode="json"), f"{escape(client_id)} signs in at desks with this card from now on", as_json
    )


@app.command("disable")
def disable(client_id: OfficerName, as_json: JsonOption = False) -> None:
    """Put an officer out, at once.

    Example: cardsvc officer disable cy
    """
    with reporting(), open_session() as session:
        officer = officers.disable_officer(session, client_id, actor=ceremony.ACTOR, now=system_clock())
        _tell(session, officer, f"{escape(client_id)} is out", as_json)


@app.command("grant")
def grant(
    client_id: OfficerName,
    role: Annotated[Role, typer.Argument(help="What the officer is to be trusted with.")],
    *,
    requested_by: SigningOfficer,
    approved_by: SigningOfficer,
    reason: Annotated[str, typer.Option(help="For the record.")],
    as_json: JsonOption = False,
) -> None:
    """Give an officer a role. Two other officers are there with their keys.

    Example: cardsvc officer grant cy clerk --requested-by ana=ana.jwk --approved-by bo=bo.jwk --reason "new here"
    """
    with reporting(), open_session() as session:
        now = system_clock()
        requester = present(session, requested_by, Scope.OFFICERS_WRITE)
        approver = present(session, approved_by, Scope.APPROVALS_DECIDE)
        asked = officers.request_role(session, client_id, role, reason, actor=requester, now=now)
        approval = find_newest(session, ApprovalKind.ROLE_GRANT, asked.id)
        if approval is not None:
            approvals.approve(session, approval.id, actor=approver, now=now)
        officer = officers.grant_role(session, asked.id, actor=requester, now=now)
        _tell(session, officer, f"{escape(client_id)} is {role.value} now", as_json)


@app.command("withdraw")
def withdraw(
    client_id: OfficerName,
    role: Annotated[Role, typer.Argument(help="The role to take away.")],
    as_json: JsonOption = False,
) -> None:
    """Take a role away from an officer, at once.

    Example: cardsvc officer withdraw cy clerk
    """
    with reporting(), open_session() as session:
        officer = officers.withdraw_role(session, client_id, role, actor=ceremony.ACTOR, now=system_clock())
        _tell(session, officer, f"{escape(client_id)} is {role.value} no more", as_json)


@office_app.command("open")
def open_office(
    code: Annotated[str, typer.Argument(help="For example hengqin-1; never used again.")],
    title: Annotated[str, typer.Option(help="For people.")],
    as_json: JsonOption = False,
) -> None:
    """Open an office.

    Example: cardsvc office open hengqin-1 --title "Hengqin service hall"
    """
    with reporting(), open_session() as session:
        wanted = _checked(code, title)
        row = offices.open_office(session, wanted.code, wanted.title, actor=ceremony.ACTOR, now=system_clock())
        report(offices.describe(row).model_dump(mode="json"), f"{escape(code)} is open", as_json)


@office_app.command("change")
def change_office(
    code: Annotated[str, typer.Argument(help="Its code, which stays.")],
    title: Annotated[str, typer.Option(help="For people.")],
    as_json: JsonOption = False,
) -> None:
    """Give an office another title.

    Example: cardsvc office change hengqin-1 --title "Hengqin citizens' hall"
    """
    with reporting(), open_session() as session:
        wanted = _checked(code, title)
        row = offices.rename_office(session, wanted.code, wanted.title, actor=ceremony.ACTOR, now=system_clock())
        report(offices.describe(row).model_dump(mode="json"), f"{escape(code)} is changed", as_json)


@office_app.command("close")
def close_office(code: Annotated[str, typer.Argument(help="Its code.")], as_json: JsonOption = False) -> None:
    """Close an office where nobody works.

    Example: cardsvc office close hengqin-1
    """
    with reporting(), open_session() as session:
        row = offices.close_office(session, code, actor=ceremony.ACTOR, now=system_clock())
        report(offices.describe(row).model_dump(mode="json"), f"{escape(code)} is closed", as_json)


@office_app.command("list")
def list_offices(as_json: JsonOption = False) -> None:
    """See which offices there are.

    Example: cardsvc office list
    """
    with reporting(), open_session() as session:
        rows = [offices.describe(row) for row in offices.list_offices(session, EVERYTHING).rows]
    told = "\n".join(f"{escape(row.code)}: {escape(row.title)}{' (closed)' if row.closed_at else ''}" for row in rows)
    report({"offices": [row.model_dump(mode="json") for row in rows]}, told or "none", as_json)


def _checked(code: str, title: str) -> OfficeRequest:
    try:
        return OfficeRequest(code=code, title=title)
    except ValidationError:
        raise CommandRefused(
            "A code has small letters, digits and single hyphens; a title has 1 to 100 characters."
        ) from None


def _state(officer: Officer) -> str:
    return "out" if officer.disabled_at else ", ".join(officer.roles) or "no role"


def _tell(session: Session, officer: Caller, for_people: str, as_json: bool) -> None:
    report(officers.describe(session, officer).model_dump(mode="json"), for_people, as_json)
