"""Who is calling, once that has been proved."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.scopes import SCOPES_OF_KIND, Scope


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that has authenticated for this request. Domain functions take it as ``actor``."""

    caller_id: UUID
    client_id: str
    kind: CallerKind
    scopes: frozenset[Scope]
    audience: str
    key_thumbprint: str
    """RFC 7638 thumbprint of the caller's registered key; visits are bound to it."""


def principal_of(caller: Caller, granted: frozenset[str]) -> Principal:
    """The caller with the scopes that were granted, and that it still may hold: its row and its kind bound them."""
    allowed = SCOPES_OF_KIND[caller.kind] & set(caller.scopes)
    return Principal(
        caller_id=caller.id,
        client_id=caller.client_id,
        kind=caller.kind,
        scopes=frozenset(scope for scope in allowed if scope in granted),
        audience=caller.audience,
        key_thumbprint=caller.thumbprint,
    )
