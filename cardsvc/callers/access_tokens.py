"""Access tokens: JWTs of five minutes (RFC 9068), and who holds one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal, principal_of
from cardsvc.callers.repository import find_by_client_id
from cardsvc.callers.scopes import parse_scopes, write_scopes
from cardsvc.db import new_id
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire import jose

TYP: Final = "at+jwt"


def issue_access_token(
    keystore: Keystore, caller: Caller, scopes: Iterable[str], *, issuer: str, now: datetime, lifetime: timedelta
) -> str:
    """A bearer token for this service (RFC 9068 §2.2); ``scopes`` have been checked against the caller's."""
    issued = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": caller.client_id,
        "client_id": caller.client_id,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": str(new_id()),
        "scope": write_scopes(scopes),
    }
    return jose.sign(claims, ECKey.import_key(keystore.signer(KeyName.ACCESS_TOKEN)), typ=TYP)


def check_access_token(session: Session, keystore: Keystore, token: str, *, issuer: str, now: datetime) -> Principal:
    """Who holds this token. Raises AccessTokenRefused, also when the caller has been disabled since it was issued."""
    claims = _verify(keystore, token)
    if claims.get("iss") != issuer or claims.get("aud") != issuer or not _is_current(claims, now):
        raise AccessTokenRefused
    caller = find_by_client_id(session, str(claims.get("sub")))
    if caller is None or caller.disabled_at is not None:
        raise AccessTokenRefused
    return principal_of(caller, parse_scopes(str(claims.get("scope", ""))))


def _verify(keystore: Keystore, token: str) -> jose.SignedClaims:
    try:
        return jose.parse(token).verify(ECKey.import_key(keystore.public_key(KeyName.ACCESS_TOKEN)), typ=TYP)
    except jose.JwtRefused as error:
        raise AccessTokenRefused from error


def _is_current(claims: jose.SignedClaims, now: datetime) -> bool:
    expires = claims.get("exp")
    return isinstance(expires, int) and now.timestamp() < expires
