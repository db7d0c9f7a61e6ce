"""Access tokens: JWTs of five minutes (RFC 9068), and who holds one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from joserfc.jwk import ECKey

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Grant, Principal
from cardsvc.callers.repository import find_principals
from cardsvc.callers.scopes import parse_scopes, write_scopes
from cardsvc.db import SessionFactory, looking_up, new_id
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire import jose

TYP: Final = "at+jwt"
REMEMBERED: Final = 4096
"""Tokens whose signature is remembered: more than there are callers with one."""


class AccessTokens:
    """Issues access tokens, and says who holds one. Safe to share between threads.

    That a token is ours cannot change, so its signature is verified once and the claims are remembered until it is
    over. Whether it is over, and whether its caller may still come in, is looked at each time.
    """

    def __init__(self, keystore: Keystore, issuer: str, sessions: SessionFactory) -> None:
        self._sessions = sessions
        self._issuer = issuer
        self._signer = ECKey.import_key(keystore.signer(KeyName.ACCESS_TOKEN))
        self._public_key = ECKey.import_key(keystore.public_key(KeyName.ACCESS_TOKEN))
        self._verified = lru_cache(REMEMBERED)(self._verify)

    def issue(self, caller: Caller, scopes: Iterable[str], *, now: datetime, lifetime: timedelta) -> str:
        """A bearer token for this service (RFC 9068 §2.2); ``scopes`` have been checked against the caller's."""
        issued = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": caller.client_id,
            "client_id": caller.client_id,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "jti": str(new_id()),
            "scope": write_scopes(scopes),
        }
        return jose.sign(claims, self._signer, typ=TYP)

    def read(self, token: str, *, now: datetime) -> Grant:
        """What the token grants. Raises AccessTokenRefused unless it is ours and not over."""
        grant = self._verified(token)
        if now.timestamp() >= grant.expires_at:
            raise AccessTokenRefused
        return grant

    def find_holders(self, grants: Sequence[Grant]) -> Sequence[Principal | None]:
        """Who holds each grant now; None for a caller that was disabled since its token was issued."""
        with looking_up(self._sessions) as connection:
            return find_principals(connection, grants)

    def _verify(self, token: str) -> Grant:
        try:
            claims = jose.parse(token).verify(self._public_key, typ=TYP)
        except jose.JwtRefused as error:
            raise AccessTokenRefused from error
        expires_at = claims.get("exp")
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer or not isinstance(expires_at, int):
            raise AccessTokenRefused
        return Grant(str(claims.get("sub")), parse_scopes(str(claims.get("scope", ""))), expires_at)
