"""The department's seal: a PAdES baseline signature (ETSI EN 319 142-1, level B-B) over the whole file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from asn1crypto import keys, pem, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateSigningRequestBuilder, Name


@dataclass(frozen=True)
class Seal:
    """A department's private key for papers, and the certificates that lead from it to the city's root."""

    certificate: x509.Certificate = field(repr=False)
    above: Sequence[x509.Certificate] = field(repr=False)
    key: keys.PrivateKeyInfo = field(repr=False)

    @classmethod
    def load(cls, key: Path, certificates: Path) -> Self:
        """``key``: PKCS #8 in PEM, mode 0600; ``certificates``: PEM, the seal's own first, then those above it.

        Raises OSError, PermissionError when others may read the key, ValueError when a file is not what it should be.
        """
        if key.stat().st_mode & 0o077:
            raise PermissionError(f"{key} can be read by others; set its mode to 0600")
        own, *above = _certificates(certificates.read_bytes())
        return cls(own, above, _private_key(key.read_bytes()))

    def put_on(self, pdf: bytes, reason: str) -> bytes:
        """The file with the seal on it."""
        from kiosk.departments.contract.papers.pades import sign  # noqa: PLC0415 (half a second, and most have no papers)

        return sign(pdf, reason, self.certificate, self.above, self.key)


def make_key() -> tuple[bytes, bytes]:
    """A new key (PKCS #8, PEM), and a request for its certificate (PKCS #10, PEM). The city gives it its name."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = CertificateSigningRequestBuilder().subject_name(Name([])).sign(key, SHA256())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), request.public_bytes(Encoding.PEM)


def _certificates(text: bytes) -> list[x509.Certificate]:
    found = [x509.Certificate.load(der) for kind, _, der in pem.unarmor(text, multiple=True) if kind == "CERTIFICATE"]
    if not found:
        raise ValueError("there is no certificate in the file")
    return found


def _private_key(text: bytes) -> keys.PrivateKeyInfo:
    kind, _, der = pem.unarmor(text)
    if kind != "PRIVATE KEY":
        raise ValueError("the key is not PKCS #8 in PEM")
    return keys.PrivateKeyInfo.load(der)
