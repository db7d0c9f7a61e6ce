"""The options of ``kiosk run``, each with its environment variable and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from cardsvc.wire.manifest import Language as ScreenLanguage

_READER_HELP: Final = "the name of a PC/SC reader (`readers list`), or slot:PATH for one in this process."

State = Annotated[
    Path | None,
    typer.Option(envvar="KIOSK_STATE", help="Folder of a kiosk that was enrolled (`kiosk enrol`).", exists=True),
]
Service = Annotated[
    str | None, typer.Option(envvar="KIOSK_SERVICE", help="Address of the card service; not with --state.")
]
ClientId = Annotated[
    str | None, typer.Option(envvar="KIOSK_CLIENT_ID", help="This kiosk's name there; not with --state.")
]
Key = Annotated[
    Path | None, typer.Option(envvar="KIOSK_KEY", help="Its private key (JWK, mode 0600); not with --state.")
]
Department = Annotated[
    list[str] | None,
    typer.Option(
        envvar="KIOSK_DEPARTMENT",
        help="A department, CODE=ADDRESS; may be repeated. Those of the service's plan, unless given.",
    ),
]
Roles = Annotated[
    Path | None,
    typer.Option(
        envvar="KIOSK_ROLES",
        help="File that binds the roles contactless and contact to readers by serial or USB port; "
        "see what it says with `readers list --roles FILE`.",
    ),
]
Contactless = Annotated[
    str | None,
    typer.Option(envvar="KIOSK_CONTACTLESS", help=f"Cards are held to it, whatever --roles says: {_READER_HELP}"),
]
Contact = Annotated[
    str | None,
    typer.Option(envvar="KIOSK_CONTACT", help=f"Cards are put into it, whatever --roles says: {_READER_HELP}"),
]
Issuer = Annotated[
    str | None, typer.Option(envvar="KIOSK_ISSUER", help="Name of the service in its tokens, if not its address.")
]
Language = Annotated[ScreenLanguage, typer.Option(envvar="KIOSK_LANGUAGE", help="For those who choose none.")]
Port = Annotated[
    int, typer.Option(envvar="KIOSK_PORT", help="Port of the screen on 127.0.0.1; 0 takes a free one.", min=0)
]
Offline = Annotated[
    Path | None,
    typer.Option(
        envvar="KIOSK_OFFLINE",
        help="Folder for what is needed without a network, and for the journal. Put the city's root there as "
        "anchor.cer; else it is taken from the service the first time. Without the option nobody is served then.",
    ),
]
Printer = Annotated[
    str | None,
    typer.Option(envvar="KIOSK_PRINTER", help="Queue of CUPS (`lpstat -e`) that papers and receipts go to."),
]
PrintTo = Annotated[
    Path | None,
    typer.Option(
        envvar="KIOSK_PRINT_TO",
        help="Folder that they are put into as files, where there is no printer.",
        exists=True,
        file_okay=False,
    ),
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(envvar="KIOSK_READY_FILE", help="Always holds a fresh one-time link, readable by this user only."),
]
Browser = Annotated[
    str | None,
    typer.Option(
        envvar="KIOSK_BROWSER",
        help="The Chromium that shows the screen, full-screen: a path or a name. It is started, and started again "
        "when it dies. No link is printed then.",
    ),
]
BrowserFlag = Annotated[
    list[str] | None,
    typer.Option(envvar="KIOSK_BROWSER_FLAG", help="One more flag of that browser, --headless say; repeatable."),
]
