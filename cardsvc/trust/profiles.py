"""What the certificate of each key reference says (RFC 5280, FIPS 201-3 §4.2.2 "PIV-compatible").

Certificates name the card and never the person: whoever reads a card learns its UUID and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from cardsvc.trust import identifiers
from readers.piv.identifiers import KeyReference


@dataclass(frozen=True)
class CertificateProfile:
    """The parts of a card certificate that depend on the key."""

    content_commitment: bool
    """Non-repudiation: only for signatures somebody made on purpose."""
    extended_usages: tuple[ObjectIdentifier, ...]
    extended_usage_critical: bool
    policy: ObjectIdentifier

    @property
    def key_usage(self) -> x509.KeyUsage:
        """Critical in every profile."""
        return signing_key_usage(content_commitment=self.content_commitment)


PROFILES: Final = {
    KeyReference.PIV_AUTHENTICATION: CertificateProfile(
        content_commitment=False,
        extended_usages=(identifiers.EKU_HOLDER_AUTHENTICATION,),
        extended_usage_critical=False,
        policy=identifiers.POLICY_HOLDER_AUTHENTICATION,
    ),
    KeyReference.DIGITAL_SIGNATURE: CertificateProfile(
        content_commitment=True,
        # E-mail protection is what `openssl cms -verify` asks for; document signing is what we mean.
        extended_usages=(identifiers.EKU_DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION),
        extended_usage_critical=False,
        policy=identifiers.POLICY_HOLDER_SIGNATURE,
    ),
    KeyReference.CARD_AUTHENTICATION: CertificateProfile(
        content_commitment=False,
        extended_usages=(identifiers.EKU_PIV_CARD_AUTHENTICATION,),
        # Critical as FIPS 201-3 §4.2.2 wants it: who does not know this usage must not take a tap for a person.
        extended_usage_critical=True,
        policy=identifiers.POLICY_CARD_AUTHENTICATION,
    ),
}
"""The keys we issue certificates for."""


def signing_key_usage(*, content_commitment: bool = False, authority: bool = False) -> x509.KeyUsage:
    """Key usage of a key that signs documents and challenges, or of one that signs certificates."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
