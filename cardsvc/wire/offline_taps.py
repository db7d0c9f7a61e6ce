"""What a kiosk takes along for the time without its network, and what it brings back.

Before: the package, a JWS with the certificates of its signer (`jose.parse_certified`), which leads to the root and so
is checked without asking anybody. It says as of when (``iat``) which status lists are current, which issuers are good,
and which services a department's policy in force lets a kiosk serve without a network, and for how long after that.

After: the entries of the kiosk's journal (`cardsvc.wire.offline`), each in its place. Their content is an `OfflineTap`
in JSON. What the citizen entered is not in it: that goes to the department alone, as always.
"""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictInt

from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.base import WHOLE, Base64Url, Code, Message, Octets
from cardsvc.wire.offline import HASH_SIZE
from cardsvc.wire.policies import OfflineTerms

PACKAGE_TYP: Final = "offline-package+jwt"
"""The ``typ`` header of a package."""
LONGEST_PACKAGE: Final = 1 << 17
"""Characters of a package that is read."""
MOST_ENTRIES: Final = 50
"""In one request."""

LATEST: Final = 253_402_300_798
"""Seconds since 1970: the last of the year 9999 but one."""

Hash = Annotated[Base64Url, Octets(HASH_SIZE, HASH_SIZE)]


class CurrentStatusList(Message):
    """A status list that was current when the package was made."""

    uri: str
    sha256: Hash
    """Of the token, as it was served then."""

    def is_of(self, token: str) -> bool:
        """Whether this is that token."""
        return hashlib.sha256(token.encode()).digest() == self.sha256


class OfflineServices(Message):
    """What one department's policy in force allows."""

    policy_version: StrictInt
    services: dict[Code, OfflineTerms]


class OfflinePackage(Message):
    """The claims of a package."""

    iss: str
    aud: str
    """The kiosk that it was made for."""
    iat: StrictInt
    """As of when all of it is so."""
    exp: StrictInt
    issuers: list[str]
    """Certificates of the issuing CA that are not revoked: DER, in base64."""
    status_lists: list[CurrentStatusList]
    departments: dict[Code, OfflineServices]

    def issuer_certificates(self) -> list[bytes]:
        """DER. Raises ValueError."""
        return [base64.b64decode(issuer, validate=True) for issuer in self.issuers]

    def terms(self, department: str, service: str) -> OfflineTerms | None:
        """What the policy says of a service; None: it is not served without a network."""
        allowed = self.departments.get(department)
        return None if allowed is None else allowed.services.get(service)


class OfflinePackageAnswer(Message):
    """A package that was made just now."""

    package: str


Moment = Annotated[StrictInt, Field(ge=0, le=LATEST)]
"""Seconds since 1970."""


class OfflineTap(Message):
    """The content of an entry: somebody tapped, for a service, while the kiosk had no network."""

    at: Moment
    """By the kiosk's clock."""
    card_uuid: UUID
    department: Code
    service: Code
    known_as_of: Moment
    """``iat`` of the package by which the kiosk judged the card."""
    signature: Annotated[Base64Url, Octets(9, 512)]
    """Of the `OfflineStatement` for this place, by the card's 9E key: ECDSA-Sig-Value in DER."""


class OfflineEntry(Message):
    """An entry of the journal, in its place."""

    sequence: Annotated[int, Field(ge=1, le=(1 << 53) - 1), WHOLE]
    previous_hash: Hash
    content: Annotated[Base64Url, Octets(3, 2048)]
    hash: Hash
    """Of this entry, as the kiosk has it."""


class OfflineBatch(Message):
    """Entries that follow each other, the oldest first. Those that were taken before are answered again."""

    entries: Annotated[list[OfflineEntry], Field(min_length=1, max_length=MOST_ENTRIES)]


class TapVerdict(StrEnum):
    """What the service thinks of a tap that it was not asked about when it happened."""

    ACCEPTED = "accepted"
    CARD_NOT_IN_FORCE = "card-not-in-force"
    """It was that card, and it was not in force any more: the department is told both."""
    REFUSED = "refused"
    """The department is told nothing; ``reason`` says why."""


class JudgedTap(Message):
    """An entry that the service has taken: it need not be kept for the service any more."""

    sequence: int
    hash: Hash
    tap_id: UUID
    """Of the record; the ``jti`` of the assertion."""
    verdict: TapVerdict
    card: CardAtTap | None = None
    reason: str | None = None
    """The code of the refusal."""
    assertion: str | None = Field(default=None, repr=False)
    """For the department, which is asked with it now. The same entry brings another for 30 days."""


class JudgedBatch(Message):
    """The entries of the batch, in their order."""

    taps: list[JudgedTap]
