"""Object identifiers in our certificates."""

from __future__ import annotations

from typing import Final

from cryptography.x509.oid import ObjectIdentifier

from cardsvc.wire.document_signatures import DOCUMENT_USAGE, HOLDER_SIGNATURE_POLICY
from cardsvc.wire.evidence import EVIDENCE_USAGE

ARC: Final = "2.25.148932250167467239635021716537836433158"
"""Our own arc, made from a UUID as ITU-T X.667 §7 lets anybody do: no registration, no collision."""

POLICY_CARD_AUTHENTICATION: Final = ObjectIdentifier(f"{ARC}.1.1")
"""The holder of this key is a card of the city; no PIN was needed."""
POLICY_HOLDER_AUTHENTICATION: Final = ObjectIdentifier(f"{ARC}.1.2")
"""... and somebody who knows its PIN used it."""
POLICY_HOLDER_SIGNATURE: Final = ObjectIdentifier(HOLDER_SIGNATURE_POLICY)
"""... to sign a document."""

EKU_HOLDER_AUTHENTICATION: Final = ObjectIdentifier(f"{ARC}.2.1")
"""Authentication to this service. Named, since a certificate without extended key usage would do for TLS clients."""
EKU_EVIDENCE: Final = ObjectIdentifier(EVIDENCE_USAGE)
"""Evidence of verifications."""

EKU_PIV_CARD_AUTHENTICATION: Final = ObjectIdentifier("2.16.840.1.101.3.6.8")
"""id-PIV-cardAuth (FIPS 201-3 appendix B)."""
EKU_PIV_CONTENT_SIGNING: Final = ObjectIdentifier("2.16.840.1.101.3.6.7")
"""id-PIV-content-signing (FIPS 201-3 appendix B)."""
EKU_DOCUMENT_SIGNING: Final = ObjectIdentifier(DOCUMENT_USAGE)
"""id-kp-documentSigning (RFC 9336)."""

NAME_PIV_FASC_N: Final = ObjectIdentifier("2.16.840.1.101.3.6.6")
"""pivFASC-N, a type of otherName (FIPS 201-3 appendix B)."""
