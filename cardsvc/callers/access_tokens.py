"""Access tokens: JWTs of five minutes (RFC 9068), and who holds one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from joserfc.jwk import ECKey
from sqlalchemy import Connection

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import find_principal
from cardsvc.callers.scopes import parse_scopes, write_scopes
from cardsvc.db import new_id
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

    def __init__(self, keystore: Keystore, issuer: str) -> None:
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

    def check(self, connection: Connection, token: str, *, now: datetime) -> Principal:
        """Who holds this token. Raises AccessTokenRefused, also when the caller was disabled after it was issued."""
        claims = self._verified(token)
        if now.timestamp() >= claims.expires_at:
            raise AccessTokenRefused
        principal = find_principal(connection, claims.client_id, claims.scopes)
        if principal is None:
            raise AccessTokenRefused
        return principal

    def _verify(self, token: str) -> _Claims:
        try:
            claims = jose.parse(token).verify(self._public_key, typ=TYP)
        except jose.JwtRefused as error:
            raise AccessTokenRefused from error
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer:
            raise AccessTokenRefused
        expires_at = claims.get("exp")
        if not isinstance(expires_at, int):
            raise AccessTokenRefused
        return _Claims(str(claims.get("sub")), parse_scopes(str(claims.get("scope", ""))), expires_at)


@dataclass(frozen=True, slots=True)
class _Claims:
    """What we use of a token that we signed."""

    client_id: str
    scopes: frozenset[str]
    expires_at: int
