"""What all kiosks offer and how they behave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import find_newest
from cardsvc.clock import system_clock
from cardsvc.commands.presence import SigningOfficer, present
from cardsvc.commands.shared import JsonOption, checked, open_session, read_json, report
from cardsvc.fleet import planning
from cardsvc.reporting import reporting
from cardsvc.wire import fleet as wire
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.scopes import Scope

app = typer.Typer()


@app.command("plan")
def show_plan(as_json: JsonOption = False) -> None:
    """See what kiosks offer and how they behave.

    Example: cardsvc kiosk plan --json > plan.json
    """
    with reporting(), open_session() as session:
        plan = planning.describe(planning.plan_in_force(session))
    places = "\n".join(f"{place.code}: {place.base_url}" for place in plan.departments)
    report(plan.model_dump(mode="json"), f"version {plan.version}\n{places}", as_json)


@app.command("publish-plan")
def publish(
    *,
    plan: Annotated[Path, typer.Option(help="JSON file: departments (code, base_url) in order, and settings.")],
    requested_by: SigningOfficer,
    approved_by: SigningOfficer,
    reason: Annotated[str, typer.Option(help="For the record.")],
    as_json: JsonOption = False,
) -> None:
    """Have kiosks offer something else, or behave otherwise. Two officers are there with their keys.

    Example: cardsvc kiosk publish-plan --plan plan.json --requested-by ana=ana.jwk --approved-by bo=bo.jwk
    --reason "education has moved"
    """
    with reporting(), open_session() as session:
        now = system_clock()
        terms = checked(wire.FleetPlanTerms, **read_json(plan))
        requester = present(session, requested_by, Scope.CALLERS_WRITE)
        approver = present(session, approved_by, Scope.APPROVALS_DECIDE)
        draft = planning.draft_plan(session, terms, reason, actor=requester, now=now)
        approval = find_newest(session, ApprovalKind.FLEET_PLAN, draft.id)
        if approval is not None:
            approvals.approve(session, approval.id, actor=approver, now=now)
        published = planning.describe(planning.publish_plan(session, draft.id, actor=requester, now=now))
    report(published.model_dump(mode="json"), f"version {published.version} of the plan is in force", as_json)
