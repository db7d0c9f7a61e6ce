"""Evidence of verifications: what a department asked and was answered, signed, to be checked years later without us.

`Evidence` is what a department keeps: a compact JWS whose header carries the certificates of its key (``x5c``) up to
below the city's root, and what the audit log says about the record of the verification. The log's entry names the
citizen by an id that no department may know, so a department gets the hash of the entry only: the JWS states it, the
inclusion proof leads from it to a signed checkpoint, and an auditor who may read the log finds the entry by it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from cardsvc.wire.audit import Place
from cardsvc.wire.base import Base64Url, Code, Message
from cardsvc.wire.departments import CardStanding, Pseudonym
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import AttributeName, QuestionCode
from cardsvc.wire.questions import Answer

EVIDENCE_TYP: Final = "citizen-evidence+jwt"
EVIDENCE_USAGE: Final = "2.25.148932250167467239635021716537836433158.2.2"
"""The extended key usage of certificates for evidence, and of no others."""
Sha256 = Annotated[Base64Url, Field(min_length=32, max_length=32)]


class AssertionVerified(Message):
    """The department showed an assertion, which was good, and so was the card."""

    kind: Literal["assertion"] = "assertion"
    assertion_sha256: Sha256
    """Of the compact JWS that was shown: whoever kept it can show what exactly was told."""
    service: Code
    level: Level
    attributes: list[AttributeName]
    """What it told, by name."""
    questions: list[QuestionCode]
    """What it answered by yes or no."""


class QuestionAnswered(Message):
    """The department asked a yes/no question about the person."""

    kind: Literal["question"] = "question"
    purpose: Code
    question: QuestionCode
    answer: Answer


class StandingTold(Message):
    """The department asked how the person's card stands."""

    kind: Literal["standing"] = "standing"
    purpose: Code
    standing: CardStanding


class CardAuthenticated(Message):
    """A card proved itself at the department's own reader."""

    kind: Literal["card"] = "card"
    card_uuid: UUID
    service: Code
    level: Level


Verified = Annotated[
    AssertionVerified | QuestionAnswered | StandingTold | CardAuthenticated, Field(discriminator="kind")
]


class EvidenceClaims(Message):
    """What is signed."""

    iss: str
    aud: str
    """The department that asked."""
    sub: Pseudonym
    """Whom it was about, as that department knows them."""
    jti: UUID
    """The verification's id."""
    iat: int
    """When it was signed, in seconds since 1970: the certificates were valid then."""
    verified_at: int
    """When the verification was, likewise."""
    policy_version: int
    verified: Verified = Field(repr=False)
    log: str
    """The verifier key of the audit log (C2SP signed-note)."""
    leaf_hash: Sha256
    """The log's entry about this verification (RFC 9162 §2.1.1)."""


class Evidence(Message):
    """What to keep: unverified until `EvidenceVerifier` has checked it."""

    evidence: str = Field(repr=False)
    """A compact JWS of type `EVIDENCE_TYP` over `EvidenceClaims`."""
    place: Place
    """What the log says about the record of the verification. A promise at first: fetch it again for the proof."""
