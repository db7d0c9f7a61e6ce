"""Documents that a department prepares, a citizen signs with the card's 9C key, and a kiosk carries to and fro.

A department says by a JWS, signed with its own client key, which document it prepared and for whom (`PreparedClaims`).
The service has the card sign exactly that one: CMS signed attributes that it builds itself (`document_signatures.py`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints, ValidationError, model_validator

from cardsvc.wire import jose
from cardsvc.wire.authentication import TransactionHash
from cardsvc.wire.base import Base64Url, Code, Message, Octets, Timestamp
from cardsvc.wire.departments import Pseudonym

PREPARED_TYP: Final = "citizen-document+jwt"
"""The ``typ`` header of what a department prepared: nothing else that it signs can pass for one."""
LONGEST_PREPARED: Final = 600
"""Seconds for which it may be good at the most."""

MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100)]
SignatureHandle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=512)]


class PreparedClaims(Message):
    """What a department states about a document that somebody is to sign."""

    iss: str
    """The department's client id, which is its code."""
    aud: str
    """The card service, by its issuer."""
    sub: Pseudonym
    """Who is to sign, as the department knows them."""
    service: Code
    document_sha256: TransactionHash
    media_type: MediaType
    jti: Annotated[str, StringConstraints(pattern=r"^[ -~]{8,128}$")]
    iat: StrictInt
    exp: StrictInt

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        if not 0 < self.exp - self.iat <= LONGEST_PREPARED:
            raise ValueError("no document stays prepared for so long")
        return self


def read_prepared(compact: str) -> PreparedClaims:
    """What a department seems to state: unverified, for a kiosk to see what to show. Raises JwtRefused."""
    token = jose.parse(compact)
    if token.type != PREPARED_TYP:
        raise jose.JwtRefused("another type of token")
    return claims_of(token.claims)


def claims_of(claims: Any) -> PreparedClaims:
    """The claims in their form. Raises JwtRefused."""
    try:
        return PreparedClaims.model_validate(claims)
    except ValidationError:
        raise jose.JwtRefused("claims are missing or wrong") from None


class SignatureRequest(Message):
    """The citizen wants to sign what the screen shows. The visit says who, and must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)
    department: Code
    service: Code
    document_sha256: TransactionHash
    """Of the document as the screen shows it."""
    prepared: Annotated[str, Field(max_length=jose.MAX_JWT_LENGTH)] = Field(repr=False)
    """The department's JWS about that document."""


class SignatureChallenge(Message):
    """What the card is to sign, once."""

    handle: SignatureHandle
    """To be given back with the signature."""
    signed_attributes: Annotated[Base64Url, Octets(63, 2048)]
    """DER. The card's 9C key signs their SHA-256."""
    expires_at: Timestamp


class SignatureSubmission(Message):
    """Unverified: what a reader says the card's 9C key signed."""

    handle: SignatureHandle
    signature: Annotated[Base64Url, Octets(9, 512)]
    """ECDSA-Sig-Value in DER, as the card gave it."""


class DocumentSignature(Message):
    """The citizen has signed; for the department, which gets both members from the kiosk."""

    signature_id: UUID
    """Of the record of it."""
    cms: Base64Url = Field(repr=False)
    """CMS SignedData (DER) over the document, which stands elsewhere."""
    assertion: str = Field(repr=False)
    """Of level ``sign``: it names the document and this very CMS by their hashes, and tells no attributes."""
    expires_at: Timestamp
    """Of the assertion."""
