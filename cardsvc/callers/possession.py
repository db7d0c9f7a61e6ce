"""Short-lived JWTs with which somebody shows that they hold a key, for one purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.wire import jose

_LONGEST: Final = timedelta(minutes=5)
_SKEW: Final = timedelta(seconds=30)


def is_proved(
    proof: str, public_jwk: Mapping[str, Any], *, typ: str, expected: Mapping[str, Any], now: datetime
) -> bool:
    """Whether the key signed exactly these claims, as this type, a moment ago."""
    try:
        claims = jose.parse(proof).verify(jose.public_key(public_jwk), typ=typ)
    except jose.JwtRefused:
        return False
    return {name: claims.get(name) for name in expected} == expected and _is_fresh(claims, now)


def _is_fresh(claims: jose.SignedClaims, now: datetime) -> bool:
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int:
        return False
    seconds, skew = now.timestamp(), _SKEW.total_seconds()
    return issued <= seconds + skew and seconds < expires <= issued + _LONGEST.total_seconds()
