"""What a tap is worth: from what a card said (unverified) to what is known (verified)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from readers.certificates import public_key_of
from readers.errors import CardInconsistent, CardNotAuthenticated
from readers.paths import validate_path
from readers.piv.judging.names import named_uuids
from readers.piv.tap import TapResult

CARD_AUTHENTICATION_USAGE: Final = x509.ObjectIdentifier("2.16.840.1.101.3.6.8")
"""id-PIV-cardAuth, the extended key usage of every 9E certificate (FIPS 201-3 §4.2.2)."""


@dataclass(frozen=True, slots=True)
class VerifiedTap:
    """The card is the one its certificate names, and signed the digest. Whether it is still in force is not known."""

    card_uuid: UUID
    path: tuple[x509.Certificate, ...]
    """From the card authentication certificate to the trust anchor."""


def verify_tap(
    result: TapResult,
    certificate: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> VerifiedTap:
    """Check a tap against the card's own 9E certificate.

    The card UUID of a CHUID without signature could be anybody's: it counts only since the certificate names it too.
    Revocation is not checked. Raises PathError, CardInconsistent (certificate of another card), CardNotAuthenticated
    (signature by another key, or over something else).
    """
    path = validate_path(certificate, intermediates, anchors, at, usage=CARD_AUTHENTICATION_USAGE)
    if named_uuids(certificate) != {result.card_uuid}:
        raise CardInconsistent("the certificate names another card than the CHUID")
    if not signed_by(certificate, result.digest, result.signature):
        raise CardNotAuthenticated("the signature is not by the key of the card's certificate")
    return VerifiedTap(result.card_uuid, path)


def signed_by(certificate: x509.Certificate, digest: bytes, signature: bytes) -> bool:
    """Whether the key of ``certificate`` made ``signature`` (ECDSA, DER) over a SHA-256 ``digest``."""
    key = public_key_of(certificate)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True
