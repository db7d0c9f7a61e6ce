"""Keep the people's records in shape. To find or change people, use the service: there every look is somebody's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cardsvc import ceremony
from cardsvc.approvals import service as approvals
from cardsvc.citizens.erasing import list_erasures, read_erasures, replay_erasures
from cardsvc.citizens.reindexing import reindex_everybody
from cardsvc.clock import system_clock
from cardsvc.commands.presence import SigningOfficer, present
from cardsvc.commands.shared import JsonOption, open_database, open_session, read_settings, report, require_current
from cardsvc.db import session_factory
from cardsvc.departments import reidentifying
from cardsvc.reporting import reporting
from cardsvc.trust.keystores import load_keystore
from cardsvc.wire.people import Purpose
from cardsvc.wire.reidentification import Reidentification
from cardsvc.wire.scopes import Scope

app = typer.Typer(help="What is kept about people.", no_args_is_help=True)


@app.command()
def reindex(as_json: JsonOption = False) -> None:
    """Make the words anew under which people are found: after an upgrade, or when their key was changed.

    Example: cardsvc people reindex
    """
    with reporting():
        settings = read_settings()
        keystore = load_keystore(settings)
        with open_database(settings) as engine:
            require_current(engine)
            count = reindex_everybody(session_factory(engine), keystore, actor=ceremony.ACTOR, now=system_clock())
    report({"people": count}, f"{count} people can be found again", as_json)


@app.command()
def reidentify(
    department: Annotated[str, typer.Argument(help="The department's code.")],
    pseudonym: Annotated[str, typer.Argument(help="Its name for the person; after -- if it begins with a dash.")],
    *,
    requested_by: SigningOfficer,
    approved_by: SigningOfficer,
    reason: Annotated[str, typer.Option(help="Why, for the record. No names.")],
    purpose: Annotated[Purpose, typer.Option(help="For the citizen to read.")],
    reference: Annotated[str | None, typer.Option(help="The number of the case.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find out whom a department knows by a name. Two officers are there with their keys; it is none of them.

    Example: cardsvc people reidentify education 8YYUzRso… --requested-by ana=ana.jwk --approved-by bo=bo.jwk
    --purpose court-order --reference C-2026/17 --reason "order of 2 March"
    """
    with reporting():
        occasion = Reidentification(department=department, pseudonym=pseudonym, purpose=purpose, reference=reference)
        with open_session() as session:
            now = system_clock()
            requester = present(session, requested_by, Scope.PEOPLE_REIDENTIFY)
            approver = present(session, approved_by, Scope.APPROVALS_DECIDE)
            asked = reidentifying.request(session, occasion, reason, actor=requester, now=now)
            approvals.approve(session, asked.id, actor=approver, now=now)
            found = reidentifying.reidentify(session, occasion, actor=requester, now=now)
    report(found.model_dump(mode="json"), f"{found.citizen_id}", as_json)


@app.command()
def erasures(
    replay: Annotated[
        Path | None, typer.Option(help="A list kept outside the database (CARDSVC_ERASURES_FILE): erase again.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List who was erased, by id; or erase again, after a restore, those whom a backup has brought back.

    Example: cardsvc people erasures --replay var/cardsvc/erasures.jsonl
    """
    with reporting(), open_session() as session:
        again = 0
        if replay is not None:
            again = replay_erasures(session, read_erasures(replay), actor=ceremony.ACTOR, now=system_clock())
        listed = [
            {"citizen_id": str(erased.citizen_id), "erased_at": erased.erased_at.isoformat()}
            for erased in list_erasures(session)
        ]
    report({"erased": listed, "replayed": again}, f"{len(listed)} erased, {again} of them just now again", as_json)
