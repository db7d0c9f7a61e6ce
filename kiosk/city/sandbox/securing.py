"""HTTPS in a sandbox: an authority of its own, for as long as the sandbox is open, certifies the service."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_GOOD_FOR: Final = timedelta(days=90)
_ROOT, _CERTIFICATE, _KEY = "tls-root.pem", "tls.pem", "tls.key"


def tls_root(folder: Path) -> Path:
    """The authority's certificate, which callers have to trust."""
    return folder / _ROOT


def secure(folder: Path, client_ca: Path, now: datetime) -> tuple[str, ...]:
    """Write an authority's certificate, and one for the service; the options of `cardsvc serve` for HTTPS with them.

    Callers are asked for certificates of the authorities in ``client_ca``.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _named("Sandbox TLS root", root_key, now).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    root = root.add_extension(_usage(certifies=True), critical=True)
    certified = root.issuer_name(_name("Sandbox TLS root")).sign(root_key, hashes.SHA256())
    places = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    service = (
        _named("Sandbox card service", key, now)
        .issuer_name(certified.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certifies=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    tls_root(folder).write_bytes(certified.public_bytes(Encoding.PEM))
    (folder / _CERTIFICATE).write_bytes(service.public_bytes(Encoding.PEM))
    with os.fdopen(os.open(folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files = {"tls-certificate": folder / _CERTIFICATE, "tls-key": folder / _KEY, "client-ca": client_ca.absolute()}
    return tuple(f"--{option}={file}" for option, file in files.items())


def _named(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _GOOD_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
