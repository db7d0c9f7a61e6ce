"""Access tokens: JWTs of five minutes (RFC 9068), and who holds one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.principal import CardSession, Grant, Principal
from cardsvc.callers.repository import find_principals
from cardsvc.callers.scopes import parse_scopes, write_scopes
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, looking_up, new_id
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.authentication import ACCESS_TOKEN_TYP

LONGEST: Final = timedelta(hours=1)
"""As `Settings.access_token_seconds` has it. What says that it is good for longer was not made by us as we are."""
_SKEW: Final = timedelta(seconds=30)
REMEMBERED: Final = 4096
"""Tokens whose signature is remembered: more than there are callers with one."""


class AccessTokens:
    """Issues access tokens, and says who holds one. Safe to share between threads.

    That a token is ours cannot change, so its signature is verified once and the claims are remembered until it is
    over. Whether it is over, and whether its caller may still come in, is looked at each time.
    """

    def __init__(self, key_ring: KeyRing, issuer: str, sessions: SessionFactory, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._issuer = issuer
        self._key_ring = key_ring
        self._verified = lru_cache(REMEMBERED)(self._verify)

    def issue(
        self,
        client: Principal,
        scopes: Iterable[str],
        *,
        now: datetime,
        lifetime: timedelta,
        certificate: str | None = None,
    ) -> str:
        """A bearer token for this service (RFC 9068 §2.2); ``scopes`` have been checked against the client's.

        With the ``x5t#S256`` of a certificate it is good only where that one is shown (RFC 8705 §3). Where
        an officer (``sub``) has signed in with a card, the desk (``client_id``) acts for them (RFC 8693 §4.1).
        """
        by_card = client.by_card
        issued = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": client.client_id,
            "client_id": by_card.desk if by_card else client.client_id,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "jti": str(new_id()),
            "scope": write_scopes(scopes),
            "client_key": client.key_thumbprint,
            **({} if certificate is None else {"cnf": {"x5t#S256": certificate}}),
            **({} if by_card is None else {"act": {"sub": by_card.desk}, "visit": str(by_card.visit_id)}),
        }
        return jose.sign(claims, self._key_ring.signer(KeyName.ACCESS_TOKEN), typ=ACCESS_TOKEN_TYP)

    def read(self, token: str, *, now: datetime, certificate: str | None = None) -> Grant:
        """What the token grants. Raises AccessTokenRefused unless it is ours and not over.

        ``certificate`` is the ``x5t#S256`` of the one that was shown with it: a token that is bound takes no other.
        """
        grant = self._verified(token, self._key_ring.key_ids(KeyName.ACCESS_TOKEN))
        if not now.timestamp() < grant.expires_at <= (now + LONGEST + _SKEW).timestamp():
            raise AccessTokenRefused
        if grant.certificate not in (None, certificate):
            raise AccessTokenRefused
        return grant

    def find_holders(self, grants: Sequence[Grant]) -> Sequence[Principal | None]:
        """Who holds each grant now; None for a caller that was disabled, or got another key, since."""
        with looking_up(self._sessions) as connection:
            return find_principals(connection, grants, self._clock())

    def _verify(self, token: str, _published: frozenset[str]) -> Grant:
        """What was verified is forgotten when other keys are published: one may have been withdrawn."""
        try:
            unverified = jose.parse(token)
            key = self._key_ring.verifier(KeyName.ACCESS_TOKEN, unverified.key_id)
            if key is None:
                raise AccessTokenRefused
            claims = unverified.verify(key, typ=ACCESS_TOKEN_TYP)
        except jose.JwtRefused as error:
            raise AccessTokenRefused from error
        expires_at, scopes = claims.get("exp"), parse_scopes(str(claims.get("scope", "")))
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer or not isinstance(expires_at, int):
            raise AccessTokenRefused
        return Grant(
            str(claims.get("sub")),
            scopes,
            expires_at,
            str(claims.get("client_key")),
            certificate=_bound_to(claims.get("cnf")),
            by_card=_by_card(claims.get("act"), claims.get("visit")),
        )


def _bound_to(confirmation: Any) -> str | None:
    """The certificate in ``cnf``. Raises AccessTokenRefused when it asks for something else: that is never let pass."""
    match confirmation:
        case None:
            return None
        case {"x5t#S256": str(thumbprint), **others} if not others:
            return thumbprint
    raise AccessTokenRefused


def _by_card(actor: Any, visit: Any) -> CardSession | None:
    """The session in ``act`` and ``visit``. Raises AccessTokenRefused when it is half of one: never taken for none."""
    match actor, visit:
        case None, None:
            return None
        case {"sub": str(desk)}, str(visit_id):
            with suppress(ValueError):
                return CardSession(desk, UUID(visit_id))
    raise AccessTokenRefused
