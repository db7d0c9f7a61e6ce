"""Let departments take part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cardsvc import ceremony
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, JwkOption, open_session, read_json, report
from cardsvc.departments.service import add_department
from cardsvc.reporting import reporting

app = typer.Typer(help="Departments and their policies.", no_args_is_help=True)


@app.command("add")
def add_a_department(
    code: Annotated[str, typer.Option(help="For example medical-insurance.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    policy: Annotated[Path, typer.Option(help="JSON file: the level and attributes of each service.")],
    as_json: JsonOption = False,
) -> None:
    """Let a department take part, under a policy.

    Example: cardsvc department add --code education --title Education --jwk edu.pub.jwk --policy edu.policy.json
    """
    with reporting(), open_session() as session:
        department = add_department(
            session,
            code=code,
            title=title,
            public_jwk=read_json(jwk),
            services=read_json(policy),
            actor=ceremony.ACTOR,
            now=system_clock(),
        )
        added = {"code": department.code, "client_id": department.caller.client_id}
    report(added, f"{escape(code)} takes part, as {escape(added['client_id'])}", as_json)
