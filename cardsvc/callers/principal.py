"""Who is calling, once that has been proved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cardsvc.callers.errors import KioskDisabled, ScopeMissing
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.scopes import OUT_OF_SERVICE, SCOPES_OF_KIND, scopes_of_roles
from cardsvc.errors import ServiceError
from cardsvc.wire.scopes import Scope


@dataclass(frozen=True, slots=True)
class CardSession:
    """An officer has signed in with their own card at a desk. It lasts no longer than the card's visit there."""

    desk: str
    """The desk's client id."""
    visit_id: UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that has authenticated for this request. Domain functions take it as ``actor``."""

    caller_id: UUID
    client_id: str
    kind: CallerKind
    scopes: frozenset[Scope]
    audience: str
    key_thumbprint: str
    """RFC 7638 thumbprint of the caller's key that it came with; visits are bound to it."""
    former_thumbprint: str | None = None
    """Of the key before that one, while it is good: visits that were begun with it go on."""
    withheld: frozenset[Scope] = frozenset()
    """What it may not do now, since it is out of service, and may again afterwards."""
    by_card: CardSession | None = None
    """Of an officer who signed in with their card; ``key_thumbprint`` is of the desk's key then."""

    @property
    def grant(self) -> Grant:
        """What it was let in with, to be asked about again."""
        return Grant(self.client_id, self.scopes | self.withheld, 0, self.key_thumbprint, by_card=self.by_card)

    def refusal(self, wanted: frozenset[Scope]) -> ServiceError | None:
        """Why it may not do what takes one of these scopes: ScopeMissing, KioskDisabled; None where it may."""
        if self.scopes & wanted:
            return None
        return KioskDisabled() if self.withheld & wanted else ScopeMissing(wanted)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good access token says. Whether its caller may still come in is another question."""

    client_id: str
    scopes: frozenset[str]
    expires_at: int
    """Seconds since 1970."""
    key_thumbprint: str
    """Of the key that the caller came with: once that one is not good any more, the caller asks again."""
    certificate: str | None = None
    """``x5t#S256`` of the TLS certificate that the token is bound to (RFC 8705 §3.1); None for one that is not."""
    by_card: CardSession | None = None
    """As in `Principal`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody with a good token wants to do something that takes one of these scopes (`entering.py`)."""

    grant: Grant
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class GoodKeys:
    """The thumbprints of a caller's keys that are good now."""

    present: str
    former: str | None = None

    @classmethod
    def at(cls, now: datetime, present: str, former: str | None, former_until: datetime | None) -> GoodKeys:
        """Of what the row says."""
        return cls(present, former if former_until is not None and now < former_until else None)

    def before(self, thumbprint: str) -> str | None:
        """The key before this one, while it is good."""
        return self.former if thumbprint == self.present else None


def keys_of(caller: Caller, now: datetime) -> GoodKeys:
    """The caller's keys that are good now."""
    return GoodKeys.at(now, caller.thumbprint, caller.former_thumbprint, caller.former_until)


def public_keys_of(caller: Caller, now: datetime) -> Mapping[str, Mapping[str, Any]]:
    """The same keys as JWK, by thumbprint."""
    keys = keys_of(caller, now)
    former = {keys.former: caller.former_jwk or {}} if keys.former else {}
    return {keys.present: caller.public_jwk} | former


def principal_of(
    caller: Caller,
    granted: frozenset[str] = frozenset(Scope),
    *,
    key: str | None = None,
    former: str | None = None,
    by_card: CardSession | None = None,
) -> Principal:
    """The caller with the scopes that were granted, all unless given, as far as it may hold them still, and use now.

    ``key`` is the thumbprint of the key it came with, the present one unless given; ``former`` of the one before.
    """
    scopes = held(caller.kind, caller.scopes, caller.roles, granted)
    allowed = scopes if caller.out_of_service_at is None else scopes & OUT_OF_SERVICE
    return Principal(
        caller_id=caller.id,
        client_id=caller.client_id,
        kind=caller.kind,
        scopes=allowed,
        withheld=scopes - allowed,
        audience=caller.audience,
        key_thumbprint=key or caller.thumbprint,
        former_thumbprint=former,
        by_card=by_card,
    )


def held(
    kind: CallerKind, scopes: Collection[str], roles: Collection[str] | None, granted: frozenset[str]
) -> frozenset[Scope]:
    """The scopes that were granted, as far as the row (an officer's roles, others' scopes) and the kind allow."""
    registered = scopes_of_roles(roles or ()) if kind is CallerKind.OFFICER else {*scopes, *OUT_OF_SERVICE}
    return frozenset(scope for scope in SCOPES_OF_KIND[kind] if scope in registered and scope in granted)
