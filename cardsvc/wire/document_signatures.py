"""The signature of a citizen over a document: CMS SignedData (RFC 5652), detached, with one signer.

What the card signs are these attributes, in DER: content-type (id-data), signing-time, message-digest (SHA-256 of the
document), signing-certificate-v2 (RFC 5035 §3), which names the certificate, so that no other can be put in its place,
and content-identifier (RFC 2634 §2.7), by which no two signatures are of the same bytes. Beside the signature stand the
certificates up to below the city's root, and what the OCSP responder said about the signer's (RFC 5940 §2.1). It is a
CAdES baseline signature, level B-B (ETSI EN 319 122-1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, core, ocsp, tsp, x509

DOCUMENT_USAGE: Final = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning (RFC 9336), an extended key usage of the certificate."""
HOLDER_SIGNATURE_POLICY: Final = "2.25.148932250167467239635021716537836433158.1.3"
"""The certificate policy of cards' 9C keys. A department's seal signs documents, too, and does not have it."""
LONGEST: Final = 16 * 1024
"""Bytes of a CMS."""

_CONTENT_IDENTIFIER: Final = "1.2.840.113549.1.9.16.2.7"
_SHA256: Final = {"algorithm": "sha256"}
_YEAR_OF_GENERALIZED_TIME: Final = 2050
"""RFC 5652 §11.3."""
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""Everything asn1crypto raises on bytes that are not what they should be; it decodes on access."""


class SignatureMalformed(ValueError):
    """Raised when bytes are no CMS of the form that is described here."""


@dataclass(frozen=True, slots=True)
class UnverifiedSignature:
    """What a CMS says. Nothing of it has been checked but its form."""

    signed_attributes: bytes
    """DER, as they are signed."""
    signed_at: datetime
    identifier: bytes
    signature: bytes = field(repr=False)
    """ECDSA-Sig-Value, DER."""
    certificates: tuple[bytes, ...] = field(repr=False)
    """DER; the signer's is the first."""
    ocsp: bytes = field(repr=False)
    """OCSPResponse, DER."""


def write_attributes(document_sha256: bytes, signed_at: datetime, certificate: bytes, identifier: bytes) -> bytes:
    """What the key of this certificate (DER) signs: a SET OF attributes, DER. ``signed_at`` in whole seconds."""
    signing_certificate = {"certs": [{"cert_hash": hashlib.sha256(certificate).digest()}]}
    attributes = [
        {"type": "content_type", "values": ["data"]},
        {"type": "signing_time", "values": [_time(signed_at)]},
        {"type": "message_digest", "values": [document_sha256]},
        {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2(signing_certificate)]},
        {"type": _CONTENT_IDENTIFIER, "values": [core.OctetString(identifier)]},
    ]
    der: bytes = cms.CMSAttributes(attributes).dump()
    return der


def document_of(attributes: bytes) -> bytes:
    """The SHA-256 of the document that these attributes (DER) are about. Raises SignatureMalformed."""
    try:
        values = {one["type"].native: one["values"] for one in cms.CMSAttributes.load(attributes, strict=True)}
        (digest,) = values["message_digest"].native
    except _MALFORMED as error:
        raise SignatureMalformed("not the attributes of a signature") from error
    if not isinstance(digest, bytes):
        raise SignatureMalformed("not the attributes of a signature")
    return digest


def write_signature(attributes: bytes, signature: bytes, certificates: Sequence[bytes], ocsp_response: bytes) -> bytes:
    """The CMS. ``certificates``: DER, the signer's first."""
    chain = [x509.Certificate.load(certificate) for certificate in certificates]
    status = {"other_rev_info_format": "ocsp_response", "other_rev_info": ocsp.OCSPResponse.load(ocsp_response)}
    signed = {
        "version": "v5",  # §5.1: with revocation information of another kind than a list
        "digest_algorithms": [_SHA256],
        "encap_content_info": {"content_type": "data"},
        "certificates": chain,
        "crls": [cms.RevocationInfoChoice("other", status)],
        "signer_infos": [_signer_info(chain[0], attributes, signature)],
    }
    der: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump()
    return der


def read_signature(der: bytes) -> UnverifiedSignature:
    """Take a CMS apart. Raises SignatureMalformed."""
    if len(der) > LONGEST:
        raise SignatureMalformed("no signature is so long")
    try:
        return _read(der)
    except _MALFORMED as error:
        raise SignatureMalformed("not a signature of a document") from error


def _signer_info(signer: x509.Certificate, attributes: bytes, signature: bytes) -> dict[str, Any]:
    return {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}},
        "digest_algorithm": _SHA256,
        "signed_attrs": cms.CMSAttributes.load(attributes),
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature,
    }


def _time(at: datetime) -> cms.Time:
    at = at.astimezone(UTC)
    if at.year < _YEAR_OF_GENERALIZED_TIME:
        return cms.Time("utc_time", core.UTCTime(at))
    return cms.Time("generalized_time", core.GeneralizedTime(at))


def _read(der: bytes) -> UnverifiedSignature:
    info = cms.ContentInfo.load(der, strict=True)
    signed = info["content"]
    (signer,) = signed["signer_infos"]
    (status,) = (choice.chosen for choice in signed["crls"])
    algorithms = (signer["digest_algorithm"]["algorithm"].native, signer["signature_algorithm"]["algorithm"].native)
    detached = signed["encap_content_info"]["content"].native is None
    kinds = (info["content_type"].native, *algorithms, status["other_rev_info_format"].native)
    if kinds != ("signed_data", "sha256", "sha256_ecdsa", "ocsp_response") or not detached:
        raise ValueError("another kind of message")
    certificates = [choice.chosen for choice in signed["certificates"]]
    certificates.sort(key=lambda one: one.serial_number != signer["sid"].chosen["serial_number"].native)
    values = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
    signed_at, identifier = values["signing_time"], values[_CONTENT_IDENTIFIER]
    if not isinstance(signed_at, datetime) or signed_at.tzinfo is None or not isinstance(identifier, bytes):
        raise TypeError("attributes of other types")
    return UnverifiedSignature(
        signed_attributes=signer["signed_attrs"].untag().dump(),
        signed_at=signed_at,
        identifier=identifier,
        signature=signer["signature"].native,
        certificates=tuple(one.dump() for one in certificates),
        ocsp=status["other_rev_info"].dump(),
    )
