"""Finding callers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal, held
from cardsvc.db import table_of

_callers: Final = table_of(Caller)
_ENABLED: Final = select(
    _callers.c.id,
    _callers.c.client_id,
    _callers.c.kind,
    _callers.c.scopes,
    _callers.c.audience,
    _callers.c.thumbprint,
).where(_callers.c.client_id == bindparam("client_id"), _callers.c.disabled_at.is_(None))


def find_by_client_id(session: Session, client_id: str) -> Caller | None:
    """The caller of this name, disabled or not."""
    return session.scalars(select(Caller).where(Caller.client_id == client_id)).one_or_none()


def find_by_thumbprint(session: Session, thumbprint: str) -> Caller | None:
    """The caller with this key."""
    return session.scalars(select(Caller).where(Caller.thumbprint == thumbprint)).one_or_none()


def find_principal(connection: Connection, client_id: str, granted: frozenset[str]) -> Principal | None:
    """The caller of this name, with those granted scopes that it still may hold; None for a disabled one."""
    row = connection.execute(_ENABLED, {"client_id": client_id}).one_or_none()
    if row is None:
        return None
    return Principal(
        caller_id=row.id,
        client_id=row.client_id,
        kind=row.kind,
        scopes=held(row.kind, row.scopes, granted),
        audience=row.audience,
        key_thumbprint=row.thumbprint,
    )
