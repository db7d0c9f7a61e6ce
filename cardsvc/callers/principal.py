"""Who is calling, once that has been proved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.scopes import SCOPES_OF_KIND, Scope, scopes_of_roles


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


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good access token says. Whether its caller may still come in is another question."""

    client_id: str
    scopes: frozenset[str]
    expires_at: int
    """Seconds since 1970."""
    key_thumbprint: str
    """Of the key that the caller had: a caller that has changed its key since asks again."""


def principal_of(caller: Caller, granted: frozenset[str] = frozenset(Scope)) -> Principal:
    """The caller with the scopes that were granted, all unless given, as far as it may hold them still."""
    return Principal(
        caller_id=caller.id,
        client_id=caller.client_id,
        kind=caller.kind,
        scopes=held(caller.kind, caller.scopes, caller.roles, granted),
        audience=caller.audience,
        key_thumbprint=caller.thumbprint,
    )


def held(
    kind: CallerKind, scopes: Collection[str], roles: Collection[str] | None, granted: frozenset[str]
) -> frozenset[Scope]:
    """The scopes that were granted, as far as the row (an officer's roles, others' scopes) and the kind allow."""
    registered = scopes_of_roles(roles or ()) if kind is CallerKind.OFFICER else scopes
    return frozenset(scope for scope in SCOPES_OF_KIND[kind] if scope in registered and scope in granted)
