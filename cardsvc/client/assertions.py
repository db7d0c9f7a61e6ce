"""Checking assertions at a department, without asking the service about each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.errors import (
    AssertionExpired,
    AssertionForeign,
    AssertionForPreparing,
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionOffline,
    AssertionSignatureInvalid,
    AssertionWrongAudience,
    AssertionWrongDocument,
    AssertionWrongService,
    StepUpRequired,
)
from cardsvc.client.jwks import JwksSource
from cardsvc.wire import jose
from cardsvc.wire.authentication import ASSERTION_TYP, USE_PREPARE, AssertionClaims
from cardsvc.wire.levels import Level

CLOCK_SKEW: Final = timedelta(seconds=30)
"""How far a department's clock may be behind the service's. An expired assertion gets no such grace."""


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """An assertion that was checked. Only `AssertionVerifier.verify` makes one.

    Whether its ``jti`` was seen before is the department's to check, in the transaction that serves it; and the card
    may have been revoked since: where that matters, ask `ServiceClient.verify`.
    """

    claims: AssertionClaims

    @property
    def pseudonym(self) -> str:
        """The department's own name for the citizen."""
        return self.claims.sub

    @property
    def level(self) -> Level:
        """How sure the service is who is there."""
        return self.claims.acr


class AssertionVerifier:
    """Checks assertions of one service for one department."""

    def __init__(self, issuer: str, audience: str, jwks: JwksSource, clock: Clock = system_clock) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks = jwks
        self._clock = clock

    def verify(
        self,
        assertion: str,
        *,
        service: str,
        level: Level,
        transaction_hash: bytes | None = None,
        offline: bool = False,
    ) -> VerifiedAssertion:
        """The assertion, if it is good for this service at this level or above.

        At level ``sign`` that is so for one document: ``transaction_hash`` is its SHA-256, without which none is good.
        Of a tap at a kiosk without a network it is good only ``offline``: for whoever looks at ``claims.offline``,
        which says when it was, and that the card was revoked already, if it was.
        Raises a subclass of AssertionRefused; ServiceUnreachable when the keys could not be fetched.
        """
        claims = self._check(assertion, service)
        if claims.use is not None:
            raise AssertionForPreparing("for preparing only")
        if claims.offline is not None and not offline:
            raise AssertionOffline("of a tap without a network")
        if claims.acr < level:
            raise StepUpRequired(level)
        asked = level is Level.SIGN or transaction_hash is not None
        if asked and claims.transaction_hash != transaction_hash:
            raise AssertionWrongDocument("another document")
        return VerifiedAssertion(claims)

    def verify_preparation(self, assertion: str, *, service: str) -> VerifiedAssertion:
        """The assertion, if it is good for preparing a document of this service, which the citizen has yet to sign.

        Raises as `verify` does.
        """
        claims = self._check(assertion, service)
        if claims.use != USE_PREPARE:
            raise AssertionForPreparing("not for preparing")
        return VerifiedAssertion(claims)

    def _check(self, assertion: str, service: str) -> AssertionClaims:
        """What is asked of every assertion."""
        claims = self._read(assertion)
        self._check_time(claims, self._clock())
        if claims.iss != self._issuer:
            raise AssertionForeign("another issuer")
        if claims.aud != self._audience:
            raise AssertionWrongAudience("another audience")
        if claims.service != service:
            raise AssertionWrongService("another service")
        return claims

    def _read(self, assertion: str) -> AssertionClaims:
        try:
            token = jose.parse(assertion)
        except jose.JwtRefused as error:
            raise AssertionMalformed("not a token") from error
        if token.type != ASSERTION_TYP:
            raise AssertionMalformed("another type of token")
        key = None if token.key_id is None else self._jwks.key(token.key_id, ASSERTION_TYP)
        if key is None:
            raise AssertionKeyUnknown("not signed with a key of the service")
        try:
            return AssertionClaims.model_validate(token.verify(key, typ=ASSERTION_TYP))
        except jose.JwtRefused as error:
            raise AssertionSignatureInvalid("not signed by the service") from error
        except ValidationError:
            raise AssertionMalformed("claims are missing or wrong") from None

    @staticmethod
    def _check_time(claims: AssertionClaims, now: datetime) -> None:
        if now.timestamp() >= claims.exp:
            raise AssertionExpired("its time is over")
        if claims.iat > (now + CLOCK_SKEW).timestamp():
            raise AssertionExpired("its time has not come")
