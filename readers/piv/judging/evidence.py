"""What there is to judge: the contents of a card, decoded once, and what its keys proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from readers.cms import SignedContent
from readers.paths import ANY_POLICY, Policies
from readers.piv.biometrics import BiometricObject
from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.judging.verdict import Code, Finding, Severity
from readers.piv.objects import Chuid
from readers.piv.security_object import SignedHashes

SIGNER: Final = "signer"
"""In place of a key, where policies are given: who signs the objects."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the judge believes. Nothing is ever fetched."""

    anchors: Sequence[x509.Certificate] = ()
    intermediates: Sequence[x509.Certificate] = ()
    crls: Sequence[bytes] | None = None
    """DER. None: revocation is not asked about."""
    policies: Mapping[KeyReference | str, frozenset[str]] = field(default_factory=dict)
    """Acceptable policies (dotted) by key, or by `SIGNER`; without an entry any will do, or none."""

    def policies_for(self, use: KeyReference | str) -> Policies:
        """As `validate_path` takes them."""
        accepted = self.policies.get(use)
        return ANY_POLICY if accepted is None else Policies(accepted, explicit=True)


class KeyProof(Protocol):
    """What a key of the card did when challenged."""

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """Whether it was the key that belongs to ``public_key``."""
        ...


@dataclass(frozen=True, slots=True)
class Biometric:
    """A frame and what its signature says: None where that is wrong or missing."""

    frame: BiometricObject
    signed: SignedContent | None


@dataclass(slots=True)
class Evidence:
    """A card as the checks see it. What is not there or could not be decoded is None or absent."""

    objects: Mapping[ObjectId, bytes]
    proofs: Mapping[KeyReference, KeyProof]
    trust: Trust
    at: datetime
    contactless: bool = False
    """Read over a contactless reader, which some objects are not given to."""
    findings: list[Finding] = field(default_factory=list)
    chuid: Chuid | None = None
    chuid_signature: SignedContent | None = None
    certificates: dict[KeyReference, x509.Certificate] = field(default_factory=dict)
    biometrics: dict[ObjectId, Biometric] = field(default_factory=dict)
    hashes: SignedHashes | None = None

    def find(self, code: Code, where: str, severity: Severity = Severity.FAULT, **seen: object) -> None:
        """Note a finding, once."""
        finding = Finding(code, where, severity, {name: str(value) for name, value in seen.items()})
        if finding not in self.findings:
            self.findings.append(finding)

    @property
    def signers(self) -> Iterator[x509.Certificate]:
        """Who signed something on the card, each once."""
        signed = [self.chuid_signature, *(biometric.signed for biometric in self.biometrics.values())]
        found = [content.signer for content in signed if content is not None]
        yield from dict.fromkeys([*found, *([self.hashes.signer] if self.hashes else [])])
