"""Officers who sit at the command line with their private keys, where something takes two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from cardsvc.callers import officers
from cardsvc.callers.errors import ScopeMissing
from cardsvc.callers.principal import principal_of
from cardsvc.commands.shared import read_json
from cardsvc.reporting import CommandRefused
from cardsvc.wire.scopes import Scope

SigningOfficer = Annotated[str, typer.Option(help="NAME=FILE, with that officer's private key.")]


def present(session: Session, named: str, scope: Scope) -> str:
    """The client id of an officer who shows their private key here, and may do this."""
    name, separator, file = named.partition("=")
    if not separator:
        raise CommandRefused("Each officer is NAME=FILE.")
    officer = officers.get_officer(session, name)
    if officer.disabled_at is not None or _thumbprint(read_json(Path(file))) != officer.thumbprint:
        raise CommandRefused(f"{file} is not the private key of {name}, or {name} was put out.")
    if scope not in principal_of(officer).scopes:
        raise ScopeMissing([scope])
    return name


def _thumbprint(jwk: dict[str, Any]) -> str | None:
    try:
        key = ECKey.import_key(jwk)
        return key.thumbprint() if key.is_private else None
    except (JoseError, ValueError, TypeError):
        return None
