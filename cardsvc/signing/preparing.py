"""From a JWS that claims to be of a department to a document that it prepared for the citizen who stands there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardsvc.callers.models import Caller
from cardsvc.callers.principal import public_keys_of
from cardsvc.signing.errors import PreparedDocumentRefused, PreparedFault
from cardsvc.wire import jose
from cardsvc.wire.signing import PREPARED_TYP, PreparedClaims, claims_of

CLOCK_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the document has to be prepared for."""

    issuer: str
    """This service."""
    pseudonym: str
    service: str
    document_sha256: bytes


def verify_prepared(compact: str, department: Caller, wanted: Wanted, now: datetime) -> PreparedClaims:
    """What the department stated with one of its keys that are good now. Raises PreparedDocumentRefused."""
    claims = _read(compact, department, now)
    fault = _fault(claims, department, wanted, now)
    if fault is not None:
        raise PreparedDocumentRefused(fault)
    return claims


def _read(compact: str, department: Caller, now: datetime) -> PreparedClaims:
    try:
        token = jose.parse(compact)
        signed = _signed(token, public_keys_of(department, now))
        if signed is None:
            raise PreparedDocumentRefused(PreparedFault.SIGNATURE_INVALID)
        return claims_of(signed)
    except jose.JwtRefused:
        raise PreparedDocumentRefused(PreparedFault.MALFORMED) from None


def _signed(token: jose.UnverifiedJwt, keys: Mapping[str, Mapping[str, object]]) -> jose.SignedClaims | None:
    """The claims, if the key that the token names, which must be one of these, signed them as this type."""
    jwk = keys.get(token.key_id or "")
    if jwk is not None:
        with suppress(jose.JwtRefused):
            return token.verify(jose.public_key(jwk), typ=PREPARED_TYP)
    return None


def _fault(claims: PreparedClaims, department: Caller, wanted: Wanted, now: datetime) -> PreparedFault | None:
    as_wanted = {
        PreparedFault.WRONG_ISSUER: claims.iss == department.client_id,
        PreparedFault.WRONG_AUDIENCE: claims.aud == wanted.issuer,
        PreparedFault.WRONG_SERVICE: claims.service == wanted.service,
        PreparedFault.EXPIRED: claims.iat - CLOCK_SKEW.total_seconds() <= now.timestamp() < claims.exp,
        PreparedFault.ANOTHER_PERSON: claims.sub == wanted.pseudonym,
        PreparedFault.ANOTHER_DOCUMENT: claims.document_sha256 == wanted.document_sha256,
    }
    return next((fault for fault, right in as_wanted.items() if not right), None)
