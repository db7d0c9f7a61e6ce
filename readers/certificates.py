"""Decode certificates that come from a card, so that nothing in them goes off later."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from readers.errors import ProtocolError

_MALFORMED = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    # A serial number that is not positive, a country of seven letters: cryptography only warns of such things, and will
    # refuse some of them in a later release. Where warnings are errors they are refused now.
    UserWarning,
)


def decode_certificate(der: bytes) -> x509.Certificate:
    """A certificate whose names, times and serial number can be read. Raises ProtocolError.

    `cryptography` decodes on access, so a broken name would otherwise raise wherever it is first printed. Extensions
    and the public key are still decoded on access: a foreign card may have kinds that we do not know.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = (certificate.subject, certificate.issuer, certificate.serial_number)
        _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except _MALFORMED as error:
        raise ProtocolError("a certificate cannot be decoded") from error
    return certificate


def public_key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes | None:
    """Its public key, or None where that is malformed or of a kind that we do not know."""
    try:
        return certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
