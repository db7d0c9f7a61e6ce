"""``desk``: the issuing clerk's desktop tool."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from cardsvc.client import ServiceClient, load_key
from cardsvc.wire.manifest import Language
from kiosk.desk.colours import Theme
from kiosk.desk.equipment import Equipment
from kiosk.desk.screen import why_no_screen
from kiosk.logs import configure_logs
from kiosk.reader_names import NoReaderChosen, ReaderSource
from readers.roles import Roles, RolesInvalid

OFFICER: Final = "officer"
CARDS: Final = ("card", "second-card")
"""The roles of a desk's readers: officers leave their card in one, citizens' cards are written in the others."""

_READER: Final = "the name of a PC/SC reader (`readers list`), or slot:PATH for one in this process."

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    epilog="Every option can be given in the environment too: DESK_SERVICE, DESK_CLIENT_ID, … "
    "Example: desk --service https://cards.example --client-id desk-1 --key desk-1.jwk "
    "--roles readers.toml --folder desk"
)
def desk(
    *,
    service: Annotated[str, typer.Option(envvar="DESK_SERVICE", help="Address of the card service.")],
    client_id: Annotated[str, typer.Option(envvar="DESK_CLIENT_ID", help="This desk's name there.")],
    key: Annotated[Path, typer.Option(envvar="DESK_KEY", help="Its private key (JWK, mode 0600).")],
    folder: Annotated[Path, typer.Option(envvar="DESK_FOLDER", help="The desk's own, for drafts.", file_okay=False)],
    roles: Annotated[
        Path | None,
        typer.Option(
            envvar="DESK_ROLES",
            help="File that binds the roles officer, card and (for batches) second-card to readers by serial or port.",
        ),
    ] = None,
    officer: Annotated[
        str | None, typer.Option(envvar="DESK_OFFICER", help=f"Officers leave their card in it: {_READER}")
    ] = None,
    card: Annotated[
        list[str] | None, typer.Option(envvar="DESK_CARD", help=f"Cards are written in it; may be repeated: {_READER}")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(envvar="DESK_ISSUER", help="Name of the service in its tokens, if not its address.")
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option(envvar="DESK_LANGUAGE", help="Of the windows. Default: as chosen there last.", show_default=False),
    ] = None,
    theme: Annotated[
        Theme | None,
        typer.Option(
            envvar="DESK_THEME",
            help="Light, dark, or as the desktop has it. Default: as chosen in the window last.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Open the desk: officers sign in with their card, enrol people, and issue and look after cards."""
    if importlib.util.find_spec("PySide6") is None:
        raise typer.BadParameter(
            "the windows need PySide6, which is the extra `desk`: pip install 'citizen-card[desk]'"
        )
    no_screen = why_no_screen(os.environ, sys.platform)
    if no_screen is not None:
        raise typer.BadParameter(no_screen)
    from kiosk.desk.windows.app import show  # noqa: PLC0415 - Qt is an extra, and slow to start

    configure_logs()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--folder") from error
    try:
        signing_key = load_key(key)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error
    with ExitStack() as held:
        officers_reader, *card_readers = (held.enter_context(source) for source in _readers(roles, officer, card or []))
        own = held.enter_context(ServiceClient(service, client_id, signing_key, issuer=issuer))

        def open_for(visit_token: str) -> ServiceClient:
            return ServiceClient(service, client_id, signing_key, issuer=issuer, visit_token=visit_token)

        raise typer.Exit(show(Equipment(own, open_for, officers_reader, card_readers, folder, language, theme)))


def _readers(roles: Path | None, officer: str | None, cards: list[str]) -> list[ReaderSource]:
    try:
        known = Roles.load(roles) if roles else None
        given: Sequence[str | None] = cards or [None for role in CARDS if known is None or role in known.bindings]
        names = [(OFFICER, officer), *zip(CARDS, given, strict=False)]
        _each_another(name or (known and known.bindings.get(role)) for role, name in names)
        return [ReaderSource.of(role, name, known) for role, name in names]
    except (RolesInvalid, NoReaderChosen, OSError) as error:
        raise typer.BadParameter(str(error)) from error


def _each_another(readers: Iterable[object]) -> None:
    """An officer's card stays in its reader: no other card would ever be seen there."""
    chosen = [reader for reader in readers if reader]
    if any(chosen.count(reader) > 1 for reader in chosen):
        raise typer.BadParameter("officers' cards and citizens' cards go into different readers: one is named twice")


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
