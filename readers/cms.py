"""CMS SignedData (RFC 5652 §5) with one signer, ECDSA on P-256 with SHA-256 (RFC 5753, RFC 5754)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from readers import tlv
from readers.certificates import decode_certificate, public_key_of
from readers.errors import CardNotAuthenticated, ProtocolError

MAX_SIGNED: Final = 16 * 1024
"""Bytes: ten times what any PIV object holds. `asn1crypto` takes time that grows with the square of some lengths."""

_SHA256: Final = {"algorithm": "sha256"}
_ECDSA_SHA256: Final = {"algorithm": "sha256_ecdsa"}


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What `verify` found: the signature is right. Whether the signer may sign this is for the caller to judge."""

    content_type: str
    """Dotted object identifier."""
    content: bytes
    signer: x509.Certificate


def sign(
    content_type: str,
    content: bytes,
    signer: x509.Certificate,
    signature_of: Callable[[bytes], bytes],
    *,
    embed_signer: bool = True,
) -> bytes:
    """SignedData in a ContentInfo, DER, with its content inside.

    ``signature_of`` gives the ECDSA-with-SHA-256 signature (DER) of some bytes by the key of ``signer``.
    """
    certificate = asn1_x509.Certificate.load(signer.public_bytes(Encoding.DER))
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
        ]
    )
    signer_info = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}},
        "digest_algorithm": _SHA256,
        "signed_attrs": attributes,
        "signature_algorithm": _ECDSA_SHA256,
        "signature": signature_of(attributes.dump()),
    }
    signed = {
        "version": "v3",  # §5.1: v3 since the content is not id-data
        "digest_algorithms": [_SHA256],
        "encap_content_info": {"content_type": content_type, "content": core.ParsableOctetString(content)},
        "signer_infos": [signer_info],
    }
    if embed_signer:
        signed["certificates"] = [certificate]
    der: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump()
    return der


def verify(der: bytes, candidates: Sequence[x509.Certificate] = ()) -> SignedContent:
    """Check the one signature of ``der``; the signer is embedded or one of ``candidates``.

    Raises ProtocolError when it is no such SignedData, CardNotAuthenticated when the signature is wrong.
    """
    if len(der) > MAX_SIGNED:
        raise ProtocolError(f"a CMS SignedData of more than {MAX_SIGNED} bytes")
    tlv.unwrap(der, 0x30)
    try:
        return _verify(der, candidates)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        # Everything asn1crypto raises on bytes that are not what they should be; it decodes on access.
        raise ProtocolError("not a CMS SignedData with one signer") from error


def _verify(der: bytes, candidates: Sequence[x509.Certificate]) -> SignedContent:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError("not SignedData")
    signed = info["content"]
    (signer_info,) = signed["signer_infos"]
    encapsulated = signed["encap_content_info"]
    content_type, content = encapsulated["content_type"].dotted, bytes(encapsulated["content"])
    signer = _signer(signer_info, [*_embedded(signed), *candidates])
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer_info["signed_attrs"]}
    right = (
        signer_info["digest_algorithm"]["algorithm"].native == "sha256"
        and signer_info["signature_algorithm"]["algorithm"].native == "sha256_ecdsa"
        and [value.dotted for value in attributes["content_type"]] == [content_type]
        and attributes["message_digest"].native == [hashlib.sha256(content).digest()]
        # §5.4: what is signed is the SET OF, not the [0] that stands in the message.
        and _signed_by(signer, signer_info["signed_attrs"].untag().dump(), signer_info["signature"].native)
    )
    if not right:
        raise CardNotAuthenticated("the CMS signature is wrong")
    return SignedContent(content_type, content, signer)


def _embedded(signed: cms.SignedData) -> list[x509.Certificate]:
    return [decode_certificate(choice.chosen.dump()) for choice in signed["certificates"] or ()]


def _signer(signer_info: cms.SignerInfo, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    sid = signer_info["sid"].chosen
    wanted = (sid["issuer"].dump(), sid["serial_number"].native)
    for certificate in certificates:
        if (certificate.issuer.public_bytes(), certificate.serial_number) == wanted:
            return certificate
    raise ValueError("the signer's certificate is missing")


def _signed_by(signer: x509.Certificate, message: bytes, signature: bytes) -> bool:
    key = public_key_of(signer)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
