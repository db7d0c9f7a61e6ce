"""Let callers in, and shut them out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from cardsvc import ceremony
from cardsvc.callers import directory
from cardsvc.callers.keys import replace_key
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import disable_caller, register_caller
from cardsvc.client import ClientError, ServiceClient, load_key
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, JwkOption, open_session, read_json, report
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import CommandRefused, reporting

app = typer.Typer(help="Whoever may call the service.", no_args_is_help=True)

_ELSEWHERE: Final = {
    CallerKind.OFFICER: "an officer gets roles from two people: use `cardsvc officer add`",
    CallerKind.DEPARTMENT: "a department needs a policy: use `cardsvc department add`",
}


@app.command("add")
def add_caller(
    *,
    kind: Annotated[
        CallerKind, typer.Option(help="kiosk or desk; for others see `cardsvc officer`, `cardsvc department`.")
    ],
    client_id: Annotated[str, typer.Option(help="Its name in every token and audit record.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    scope: Annotated[list[str] | None, typer.Option(help="May be repeated. Default: all of its kind.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a kiosk or a desk call the service.

    Example: cardsvc caller add --kind kiosk --client-id kiosk-1 --title "Town hall" --jwk kiosk-1.pub.jwk
    """
    if kind in _ELSEWHERE:
        raise typer.BadParameter(_ELSEWHERE[kind], param_hint="--kind")
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
    """Shut a kiosk, a desk or a department out at once, its access tokens too.

    Example: cardsvc caller disable kiosk-1
    """
    with reporting(), open_session() as session:
        caller = directory.get_device(session, client_id)
        disable_caller(session, client_id, actor=ceremony.ACTOR, now=system_clock())
        disabled = {"client_id": caller.client_id, "disabled_at": str(caller.disabled_at)}
    report(disabled, f"{escape(client_id)} is shut out", as_json)


@app.command("change-key")
def change_key(
    client_id: Annotated[str, typer.Argument(help="Its name.")],
    jwk: JwkOption,
    as_json: JsonOption = False,
) -> None:
    """Give a kiosk, a desk or a department another key; the present one is refused at once.

    Example: cardsvc caller change-key kiosk-1 --jwk kiosk-1.new.pub.jwk
    """
    with reporting(), open_session() as session:
        caller = replace_key(session, client_id, read_json(jwk), actor=ceremony.ACTOR, now=system_clock())
        changed = {"client_id": caller.client_id, "thumbprint": caller.thumbprint}
    report(changed, f"{escape(client_id)} has another key: {caller.thumbprint}", as_json)


@app.command("rotate-key")
def rotate_key(
    client_id: Annotated[str, typer.Argument(help="Its name.")],
    *,
    service: Annotated[str, typer.Option(help="The service's URL.")],
    key: Annotated[Path, typer.Option(help="Its present private key.")],
    new_key: Annotated[Path, typer.Option(help="Its next one, as `cardsvc keygen` makes it.")],
    issuer: Annotated[str | None, typer.Option(help="The service's name, where that is not its URL.")] = None,
    overlap_hours: Annotated[int, typer.Option(help="So long the present key stays good.", min=0, max=168)] = 24,
    as_json: JsonOption = False,
) -> None:
    """Change one's own key, over the network: for whoever holds it, without a break.

    Example: cardsvc caller rotate-key kiosk-1 --service https://cards.example --key kiosk-1.jwk --new-key next.jwk
    """
    with reporting():
        try:
            with ServiceClient(service, client_id, key, issuer=issuer) as client:
                changed = client.rotate_key(load_key(new_key), timedelta(hours=overlap_hours))
        except ClientError as error:
            raise CommandRefused(f"The service did not change the key: {error}") from None
    until = (
        "is refused from now on" if changed.former_until is None else f"is good until {changed.former_until:%F %R} UTC"
    )
    words = f"{escape(client_id)} has another key: {changed.thumbprint}; the one before {until}"
    report(changed.model_dump(mode="json"), words, as_json)


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """See who may call.

    Example: cardsvc caller list --json
    """
    with reporting(), open_session() as session:
        rows = [directory.describe(session, row) for row in directory.list_callers(session, EVERYTHING).rows]
    told = "\n".join(f"{escape(row.client_id)}: {row.kind}{', out' if row.disabled_at else ''}" for row in rows)
    report({"callers": [row.model_dump(mode="json") for row in rows]}, told or "nobody", as_json)
