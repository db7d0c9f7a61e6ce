"""Let callers in, and shut them out."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from cardsvc import ceremony
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, JwkOption, open_session, read_json, report
from cardsvc.reporting import reporting

app = typer.Typer(help="Whoever may call the service.", no_args_is_help=True)


@app.command("add")
def add_caller(
    *,
    kind: Annotated[CallerKind, typer.Option(help="Departments come by `cardsvc department add`.")],
    client_id: Annotated[str, typer.Option(help="Its name in every token and audit record.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    scope: Annotated[list[str] | None, typer.Option(help="May be repeated. Default: all of its kind.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a kiosk, a desk or another officer call the service.

    Example: cardsvc caller add --kind kiosk --client-id kiosk-1 --title "Town hall" --jwk kiosk-1.pub.jwk
    """
    if kind is CallerKind.DEPARTMENT:
        raise typer.BadParameter("a department needs a policy: use `cardsvc department add`", param_hint="--kind")
    with reporting(), open_session() as session:
        caller = register_caller(
            session,
            client_id=client_id,
            kind=kind,
            title=title,
            public_jwk=read_json(jwk),
            actor=ceremony.ACTOR,
            now=system_clock(),
            scopes=scope or None,
        )
        added = {"client_id": caller.client_id, "kind": caller.kind, "scopes": caller.scopes}
    report(added, f"{escape(client_id)} may call, with {', '.join(caller.scopes)}", as_json)


@app.command("disable")
def stop_caller(
    client_id: Annotated[str, typer.Argument(help="Its name.")],
    as_json: JsonOption = False,
) -> None:
    """Shut a caller out at once, its access tokens too.

    Example: cardsvc caller disable kiosk-1
    """
    with reporting(), open_session() as session:
        caller = disable_caller(session, client_id, actor=ceremony.ACTOR, now=system_clock())
        disabled = {"client_id": caller.client_id, "disabled_at": str(caller.disabled_at)}
    report(disabled, f"{escape(client_id)} is shut out", as_json)
