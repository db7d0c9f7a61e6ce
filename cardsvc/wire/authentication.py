"""Challenges, proofs, visits, and the assertions departments get."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints, model_validator

from cardsvc.wire.base import WHOLE, Base64Url, Code, Message, Octets, Timestamp
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import QuestionCode
from cardsvc.wire.signed import CHALLENGE_SIZE, TRANSACTION_HASH_SIZE

GRANT_TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE_VISIT: Final = "urn:citizen-card:token-type:visit"
TOKEN_TYPE_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
TOKEN_TYPE_ACCESS: Final = "urn:ietf:params:oauth:token-type:access_token"
BEARER: Final = "Bearer"
NOT_APPLICABLE: Final = "N_A"
"""RFC 8693 §2.2.1: the token is not one to call this service with."""
CLIENT_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
USE_PREPARE: Final = "prepare"
"""What an assertion may be asked for at level `sign`: the department prepares what the citizen will sign."""
ACCESS_TOKEN_TYP: Final = "at+jwt"
"""RFC 9068 §2.1."""
ASSERTION_TYP: Final = "citizen-assertion+jwt"
"""The ``typ`` header of an assertion, so that no other JWT of ours can pass for one."""

LONGEST_ASSERTION: Final = 300
"""Seconds for which an assertion may be good at the most."""

ChallengeHandle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=256)]


TransactionHash = Annotated[Base64Url, Octets(TRANSACTION_HASH_SIZE, TRANSACTION_HASH_SIZE)]
"""SHA-256 of what the proof is to approve."""


class ChallengeRequest(Message):
    """Ask for challenges to keep in stock."""

    level: Level
    count: Annotated[int, Field(ge=1, le=16), WHOLE] = 1
    transaction_hash: TransactionHash | None = None


class Challenge(Message):
    """Random bytes that one card may sign once, for the caller that asked for them."""

    handle: ChallengeHandle
    """To be given back with the proof; the service reads from it what the challenge is bound to."""
    challenge: Annotated[Base64Url, Octets(CHALLENGE_SIZE, CHALLENGE_SIZE)]
    issuer: str
    level: Level
    client_id: str
    audience: str
    expires_at: Timestamp
    """Whole seconds: these seconds since 1970 are what the card signs."""
    transaction_hash: TransactionHash | None = None


class ChallengeBatch(Message):
    """The challenges asked for."""

    challenges: list[Challenge]


class CardProof(Message):
    """Unverified: what a reader says a card answered to a challenge.

    ``level`` and ``audience`` are what the caller meant it for. The service refuses a proof meant for something else
    than its challenge, and rebuilds the signed bytes from its own record in any case.
    """

    challenge_handle: ChallengeHandle
    card_uuid: UUID
    level: Level
    audience: str
    signature: Annotated[Base64Url, Octets(9, 512)]
    """ECDSA-Sig-Value in DER, as the card gave it."""


class AuthenticationResult(Message):
    """The card is right and active: a visit begins."""

    authentication_id: UUID
    card_uuid: UUID
    level: Level
    visit_token: str = Field(repr=False)
    expires_at: Timestamp
    """The visit ends then at the latest."""
    idle_seconds: int
    """The visit ends after so many seconds without an exchange."""


class CardAuthenticationRequest(Message):
    """A department had a card prove itself at a reader of its own, for one of its services."""

    proof: CardProof
    service: Code


class CardAuthentication(Message):
    """The card is right and active, and this is what the department's policy lets it know."""

    authentication_id: UUID
    """Of the record of it; the assertion's ``jti``."""
    card_uuid: UUID
    assertion: str = Field(repr=False)
    """A JWS for the department itself, without attributes: for those a citizen is asked, at a kiosk."""
    expires_at: Timestamp
    """Of the assertion."""


class VisitKeepRequest(Message):
    """The citizen is still there."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class VisitEndRequest(Message):
    """The citizen has left."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class TokenResponse(Message):
    """An answer of the token endpoint (RFC 6749 §5.1, RFC 8693 §2.2)."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer", "N_A"]
    expires_in: int
    scope: str | None = None
    issued_token_type: str | None = None


class CardAtTap(StrEnum):
    """How a card stood when it was tapped at a kiosk without a network."""

    IN_FORCE = "in-force"
    HELD = "held"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NONE = "none"
    """It was not in force yet, or is no card of anybody's any more."""


class TappedOffline(Message):
    """The kiosk had no network: the citizen was there some time ago, and the kiosk judged the card by itself."""

    at: StrictInt
    """Seconds since 1970, by the kiosk's clock."""
    card: CardAtTap
    """As the service knows it now: the kiosk may have accepted a card that was revoked already."""


class AssertionClaims(Message):
    """What a department learns: the claims of the JWS that it gets for one service.

    ``sub`` is the department's own pseudonym for the citizen; no card number or certificate is here, so departments
    cannot join what they know.
    """

    iss: str
    aud: str
    sub: str
    iat: StrictInt
    exp: StrictInt
    jti: str
    acr: Level
    client_id: str
    """The kiosk or desk that asked, or the department itself, at a reader of its own."""
    service: Code
    policy_version: StrictInt
    attributes: dict[str, Any] = Field(repr=False)
    answers: dict[QuestionCode, bool] = Field(default_factory=dict, repr=False)
    """What was asked by yes or no. Left out when nothing was."""
    use: Literal["prepare"] | None = None
    """``prepare``: it is good for having a document prepared that the citizen then signs, and for nothing else."""
    transaction_hash: TransactionHash | None = None
    """At level ``sign``: SHA-256 of the document that the citizen signed. Left out at others."""
    signature_sha256: TransactionHash | None = None
    """At level ``sign``: of the CMS by which they did (DER)."""
    offline: TappedOffline | None = None
    """At level ``tap``: the citizen was at a kiosk without a network. Left out otherwise."""

    def written(self) -> str:
        """The claims as they are signed."""
        return self.model_dump_json(exclude_defaults=True)

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        if not 0 < self.exp - self.iat <= LONGEST_ASSERTION:
            raise ValueError("no assertion is good for so long")
        return self

    @model_validator(mode="after")
    def _is_of_its_level(self) -> Self:
        signed = self.acr is Level.SIGN
        if {self.transaction_hash is not None, self.signature_sha256 is not None} != {signed}:
            raise ValueError("a document is signed at level sign, and at no other")
        if self.use is not None and self.acr is not Level.PIN:
            raise ValueError("documents are prepared at level pin")
        if self.offline is not None and self.acr is not Level.TAP:
            raise ValueError("without a network there is only level tap")
        return self


class VerificationRequest(Message):
    """Ask whether an assertion is good now, card status included."""

    assertion: str = Field(repr=False)


class Verification(Message):
    """The assertion was good at ``verified_at``; a bad one is answered with a problem instead."""

    verification_id: UUID
    verified_at: Timestamp
    claims: AssertionClaims
    evidence: str | None = Field(default=None, repr=False)
    """A signed statement that this was verified, to keep (`EvidenceClaims`); the log's proof is fetched later."""
