"""Authenticating a client by a JWT it signed (``private_key_jwt``: RFC 7523 §2.2 and §3).

Stricter than the RFC where it leaves room: the audience is one string, the times are bounded on both sides, and every
assertion has a ``jti`` that works once.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cardsvc.bulk import insert_new
from cardsvc.callers.errors import ClientRefusal, ClientRefused
from cardsvc.callers.models import Caller, UsedClientAssertion
from cardsvc.callers.principal import Principal, keys_of, principal_of, public_keys_of
from cardsvc.callers.repository import hold_by_client_id
from cardsvc.db import new_id
from cardsvc.wire import jose

LONGEST: Final = timedelta(minutes=5)
"""An assertion that is valid for longer was made to be kept, and what is kept can be stolen."""
CLOCK_SKEW: Final = timedelta(seconds=30)
_NAME: Final = re.compile(r"[!-~]{1,64}")
"""What a client may call itself. Anybody can ask for a token in any name, also in one that no database can look up."""
_JTI: Final = re.compile(r"[ -~]{8,128}")


def authenticate_client(session: Session, assertion: str, *, audiences: Collection[str], now: datetime) -> Principal:
    """The caller that made this assertion with one of its keys. The assertion is thereby used up.

    ``audiences`` are the names of this service that the assertion may be addressed to: the issuer and the URL of the
    token endpoint. Raises ClientRefused.
    """
    token = _parse(assertion)
    client_id = token.claims.get("iss")
    if not isinstance(client_id, str) or not _NAME.fullmatch(client_id):
        raise ClientRefused(ClientRefusal.MALFORMED)
    caller = hold_by_client_id(session, client_id)
    if caller is None:
        raise ClientRefused(ClientRefusal.UNKNOWN_CLIENT, client_id)
    claims, key = _verify(token, caller, now)
    refusal = _judge(claims, caller, audiences, now)
    if refusal is not None:
        raise ClientRefused(refusal, client_id)
    if not _use_up(session, caller, claims, now):
        raise ClientRefused(ClientRefusal.REPLAYED, client_id)
    return principal_of(caller, key=key, former=keys_of(caller, now).before(key))


def _parse(assertion: str) -> jose.UnverifiedJwt:
    try:
        return jose.parse(assertion)
    except jose.JwtRefused as error:
        raise ClientRefused(ClientRefusal.MALFORMED) from error


def _verify(token: jose.UnverifiedJwt, caller: Caller, now: datetime) -> tuple[jose.SignedClaims, str]:
    """The claims, and the thumbprint of the key that signed them."""
    candidates = public_keys_of(caller, now)
    if token.key_id is not None and token.key_id not in candidates:
        raise ClientRefused(ClientRefusal.WRONG_KEY, caller.client_id)
    for thumbprint, jwk in candidates.items():
        if token.key_id in {None, thumbprint}:
            with suppress(jose.JwtRefused):
                return token.verify(jose.public_key(jwk), typ=None), thumbprint
    raise ClientRefused(ClientRefusal.BAD_SIGNATURE, caller.client_id)


def _judge(
    claims: jose.SignedClaims, caller: Caller, audiences: Collection[str], now: datetime
) -> ClientRefusal | None:
    if claims.get("sub") != caller.client_id:
        return ClientRefusal.WRONG_SUBJECT
    if not isinstance(claims.get("aud"), str) or claims["aud"] not in audiences:
        return ClientRefusal.WRONG_AUDIENCE
    if not _times_are_sane(claims, now):
        return ClientRefusal.BAD_TIMES
    jti = claims.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        return ClientRefusal.NO_JTI
    # Last, so that only the holder of the key learns that the client is disabled.
    return ClientRefusal.DISABLED if caller.disabled_at is not None else None


def _times_are_sane(claims: jose.SignedClaims, now: datetime) -> bool:
    expires, issued, begins = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None or ("nbf" in claims and begins is None):
        return False
    seconds, skew, longest = now.timestamp(), CLOCK_SKEW.total_seconds(), LONGEST.total_seconds()
    return (
        seconds < expires <= seconds + longest + skew
        and seconds - longest - skew <= issued <= seconds + skew
        and (begins is None or begins <= seconds + skew)
    )


def _seconds(value: Any) -> float | None:
    """A NumericDate (RFC 7519 §2), or None where there is none. In Python, True is a number; in JSON it is not."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _use_up(session: Session, caller: Caller, claims: jose.SignedClaims, now: datetime) -> bool:
    """Write down the ``jti``; False when it is there already. Those past their time are forgotten on the way."""
    session.execute(delete(UsedClientAssertion).where(UsedClientAssertion.expires_at < now - CLOCK_SKEW))
    row = {
        "id": new_id(),
        "caller_id": caller.id,
        "jti": claims["jti"],
        "expires_at": datetime.fromtimestamp(claims["exp"], UTC),
    }
    return bool(insert_new(session.connection(), UsedClientAssertion, [row], unique=["caller_id", "jti"]))
