"""What is found when a card is judged: as data, with codes that stay the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Depth(StrEnum):
    """How far a card is looked at."""

    TAP = "tap"
    """What any reader can see without a PIN: public objects, and the key 9E."""
    FULL = "full"
    """Everything: also what the PIN protects, and all keys. Wants the PIN and a contact reader."""


class Severity(IntEnum):
    """What a finding does to the verdict."""

    NOTE = 0
    """Unusual, and to nobody's harm."""
    OPEN = 1
    """Something could not be judged: that is not to say that it is wrong."""
    FAULT = 2
    """The card is refused."""


class Code(StrEnum):
    """Stable names of findings; docs/judging.md explains them."""

    OBJECT_MISSING = "object-missing"
    OBJECT_MALFORMED = "object-malformed"
    CHUID_EXPIRED = "chuid-expired"
    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_WRONG = "signature-wrong"
    SIGNED_FOR_SOMETHING_ELSE = "signed-for-something-else"
    SIGNER_UNKNOWN = "signer-unknown"
    SIGNER_UNFIT = "signer-unfit"
    HASH_WRONG = "hash-wrong"
    HASH_MISSING = "hash-missing"
    HASHED_OBJECT_MISSING = "hashed-object-missing"
    NO_ANCHORS = "no-anchors"
    CERTIFICATE_FORGED = "certificate-forged"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_REVOKED = "certificate-revoked"
    CERTIFICATE_WEAK = "certificate-weak"
    REVOCATION_UNKNOWN = "revocation-unknown"
    POLICY_MISSING = "policy-missing"
    POLICY_OF_ANOTHER_KEY = "policy-of-another-key"
    KEY_USAGE_WRONG = "key-usage-wrong"
    EXTENDED_KEY_USAGE_WRONG = "extended-key-usage-wrong"
    SUBJECT_KEY_IDENTIFIER_WRONG = "subject-key-identifier-wrong"
    CERTIFICATE_OUTLIVES_CARD = "certificate-outlives-card"
    FASC_N_DIFFERS = "fasc-n-differs"
    UUID_DIFFERS = "uuid-differs"
    NAME_MISSING = "name-missing"
    BIOMETRIC_EXPIRED = "biometric-expired"
    BIOMETRIC_NOT_YET_VALID = "biometric-not-yet-valid"
    BIOMETRIC_EXPIRES_BEFORE_CARD = "biometric-expires-before-card"
    BIOMETRIC_OF_ANOTHER_KIND = "biometric-of-another-kind"
    PIN_POLICY_WRONG = "pin-policy-wrong"
    APPLICATION_WRONG = "application-wrong"
    KEY_DIFFERS = "key-differs"
    KEY_UNUSABLE = "key-unusable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one part of a card."""

    code: Code
    where: str
    """``CHUID``, ``FACIAL_IMAGE`` and so on for objects, ``9A`` and so on for keys and their certificates, ``signer``
    for who signed objects, ``authority`` for a certificate between those and the anchor."""
    severity: Severity = Severity.FAULT
    seen: Mapping[str, str] = field(default_factory=dict)
    """What was seen, for people and logs. Names no person."""


class Judgement(StrEnum):
    """The verdict in a word."""

    RIGHT = "right"
    OPEN = "open"
    """Nothing is wrong as far as could be judged; not all could be."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found, the gravest first."""

    depth: Depth
    findings: tuple[Finding, ...]

    @property
    def judgement(self) -> Judgement:
        """By the gravest finding."""
        worst = max((finding.severity for finding in self.findings), default=Severity.NOTE)
        return {Severity.FAULT: Judgement.REFUSED, Severity.OPEN: Judgement.OPEN}.get(worst, Judgement.RIGHT)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """For which the card is refused."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.FAULT)
