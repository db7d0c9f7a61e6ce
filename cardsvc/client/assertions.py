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
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionSignatureInvalid,
    AssertionWrongAudience,
    AssertionWrongService,
    StepUpRequired,
)
from cardsvc.client.jwks import JwksSource
from cardsvc.wire import jose
from cardsvc.wire.authentication import ASSERTION_TYP, AssertionClaims
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

    def verify(self, assertion: str, *, service: str, level: Level) -> VerifiedAssertion:
        """The assertion, if it is good for this service at this level or above.

        Raises a subclass of AssertionRefused; ServiceUnreachable when the keys could not be fetched.
        """
        claims = self._read(assertion)
        self._check_time(claims, self._clock())
        if claims.iss != self._issuer:
            raise AssertionForeign("another issuer")
        if claims.aud != self._audience:
            raise AssertionWrongAudience("another audience")
        if claims.service != service:
            raise AssertionWrongService("another service")
        if claims.acr < level:
            raise StepUpRequired(level)
        return VerifiedAssertion(claims)

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
