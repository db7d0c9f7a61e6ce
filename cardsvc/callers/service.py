"""Registering and disabling callers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerExists, CallerUnknown, ScopeNotAllowed, UnusableKey
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.repository import find_by_client_id, find_by_thumbprint
from cardsvc.callers.scopes import SCOPES_OF_KIND
from cardsvc.db import new_id
from cardsvc.fleet.noting import note_kiosk
from cardsvc.wire.jose import JwtRefused, public_key
from cardsvc.wire.officers import Role

_CLIENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def register_caller(
    session: Session,
    *,
    client_id: str,
    kind: CallerKind,
    title: str,
    public_jwk: Mapping[str, Any],
    actor: str,
    now: datetime,
    scopes: Collection[str] | None = None,
    roles: Collection[Role] = (),
    audience: str | None = None,
) -> Caller:
    """Give somebody an identity of their own.

    A kiosk, a desk or a department may hold ``scopes``, or all of its kind. An officer has ``roles`` instead; the
    ceremony gives some here, all others are granted by two people (`officers.py`). ``audience`` names the caller in
    what cards sign and in assertions; its client id unless given. Raises UnusableKey, ScopeNotAllowed, CallerExists,
    ValueError for a client id that does not look like one.
    """
    if not _CLIENT_ID.fullmatch(client_id):
        raise ValueError("a client id has 1 to 64 of a-z, 0-9, dot, underscore and hyphen")
    wanted = _checked_scopes(kind, scopes)
    jwk, thumbprint = usable_key(public_jwk)
    if find_by_client_id(session, client_id) is not None or find_by_thumbprint(session, thumbprint) is not None:
        raise _taken(client_id)
    caller = Caller(
        id=new_id(),
        client_id=client_id,
        kind=kind,
        title=title,
        public_jwk=jwk,
        thumbprint=thumbprint,
        scopes=sorted(wanted),
        roles=tuple(sorted(roles)) if kind is CallerKind.OFFICER else None,
        audience=audience or client_id,
        keyed_by=actor,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(caller)
    except IntegrityError:  # a colleague was faster
        raise _taken(client_id) from None
    if kind is CallerKind.KIOSK:
        note_kiosk(session, caller)
    record(session, event="caller.register", outcome=OK, actor=actor, now=now, client_id=client_id, kind=kind.value)
    return caller


def disable_caller(session: Session, client_id: str, *, actor: str, now: datetime) -> Caller:
    """Shut a caller out: its access tokens stop working with this commit. Raises CallerUnknown."""
    caller = find_by_client_id(session, client_id)
    if caller is None:
        raise CallerUnknown("No caller has this client id.", client_id=client_id)
    if caller.disabled_at is None:
        caller.disabled_at = now
        record(session, event="caller.disable", outcome=OK, actor=actor, now=now, client_id=client_id)
    return caller


def _taken(client_id: str) -> CallerExists:
    return CallerExists("The client id or the key belongs to another caller.", client_id=client_id)


def _checked_scopes(kind: CallerKind, scopes: Collection[str] | None) -> frozenset[str]:
    allowed = frozenset() if kind is CallerKind.OFFICER else SCOPES_OF_KIND[kind]
    wanted = allowed if scopes is None else frozenset(scopes)
    if wanted - allowed:
        raise ScopeNotAllowed(wanted - allowed)
    return wanted


def usable_key(jwk: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The members that make the key, and its thumbprint. Raises UnusableKey."""
    try:
        key = public_key(jwk)
    except JwtRefused as error:
        raise UnusableKey(f"The key cannot be used: {error}.") from error
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
    return members, key.thumbprint()
