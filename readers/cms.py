"""CMS SignedData (RFC 5652 §5) with one signer: ECDSA or RSA with SHA-256 or longer (RFC 5753, 5754, 4056).

We sign with ECDSA on P-256; other issuers' cards come with any of these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from readers import tlv
from readers.certificates import decode_certificate, public_key_of
from readers.errors import CardNotAuthenticated, ProtocolError, SignerUnknown
from readers.path_building import name_key

MAX_SIGNED: Final = 16 * 1024
"""Bytes: ten times what any PIV object holds. `asn1crypto` takes time that grows with the square of some lengths."""

_SHA256: Final = {"algorithm": "sha256"}
_ECDSA_SHA256: Final = {"algorithm": "sha256_ecdsa"}
_NONE: Final[Mapping[str, bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What `verify` found: the signature is right. Whether the signer may sign this is for the caller to judge."""

    content_type: str
    """Dotted object identifier."""
    content: bytes
    signer: x509.Certificate
    attributes: Mapping[str, bytes] = field(default_factory=dict, compare=False)
    """Signed attributes by dotted object identifier: the one value of each, DER."""


def sign(
    content_type: str,
    content: bytes,
    signer: x509.Certificate,
    signature_of: Callable[[bytes], bytes],
    *,
    attributes: Mapping[str, bytes] = _NONE,
    embed_signer: bool = True,
    detached: bool = False,
) -> bytes:
    """SignedData in a ContentInfo, DER, with its content inside unless it is ``detached``.

    ``signature_of`` gives the ECDSA-with-SHA-256 signature (DER) of some bytes by the key of ``signer``; ``attributes``
    are signed with it, by dotted object identifier: the one value of each, DER.
    """
    certificate = asn1_x509.Certificate.load(signer.public_bytes(Encoding.DER))
    signed_attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
            *({"type": name, "values": [core.Any(core.load(value))]} for name, value in attributes.items()),
        ]
    )
    signer_info = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}},
        "digest_algorithm": _SHA256,
        "signed_attrs": signed_attributes,
        "signature_algorithm": _ECDSA_SHA256,
        "signature": signature_of(signed_attributes.dump()),
    }
    signed = {
        "version": "v3",  # §5.1: v3 since the content is not id-data
        "digest_algorithms": [_SHA256],
        "encap_content_info": {
            "content_type": content_type,
            "content": None if detached else core.ParsableOctetString(content),
        },
        "signer_infos": [signer_info],
    }
    if embed_signer:
        signed["certificates"] = [certificate]
    der: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump()
    return der


def verify(der: bytes, candidates: Sequence[x509.Certificate] = (), *, detached: Sequence[bytes] = ()) -> SignedContent:
    """Check the one signature of ``der``; the signer is embedded or one of ``candidates``.

    A signature over content that stands elsewhere needs it as ``detached``: one of these must have the signed digest.

    Raises ProtocolError when it is no such SignedData, SignerUnknown, CardNotAuthenticated when the signature is wrong.
    """
    _bound(der)
    try:
        return _verify(der, candidates, detached)
    except _MALFORMED as error:
        raise ProtocolError("not a CMS SignedData with one signer") from error


def embedded(der: bytes) -> list[x509.Certificate]:
    """The certificates inside, whether or not anything is signed with them. Raises ProtocolError."""
    _bound(der)
    try:
        return _embedded(cms.ContentInfo.load(der, strict=True)["content"])
    except _MALFORMED as error:
        raise ProtocolError("not a CMS SignedData") from error


_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""Everything asn1crypto raises on bytes that are not what they should be; it decodes on access."""


def _bound(der: bytes) -> None:
    if len(der) > MAX_SIGNED:
        raise ProtocolError(f"a CMS SignedData of more than {MAX_SIGNED} bytes")
    tlv.unwrap(der, 0x30)


def _verify(der: bytes, candidates: Sequence[x509.Certificate], detached: Sequence[bytes]) -> SignedContent:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError("not SignedData")
    signed = info["content"]
    (signer_info,) = signed["signer_infos"]
    encapsulated = signed["encap_content_info"]
    content_type = encapsulated["content_type"].dotted
    contents = [bytes(encapsulated["content"])] if encapsulated["content"].native is not None else detached
    signer = _signer(signer_info, [*_embedded(signed), *candidates])
    attributes = _attributes(signer_info)
    digest_algorithm = signer_info["digest_algorithm"]["algorithm"].native
    content = _digested(contents, digest_algorithm, attributes[_MESSAGE_DIGEST])
    right = (
        content is not None
        and attributes[_CONTENT_TYPE] == core.ObjectIdentifier(content_type).dump()
        and any(_signed_by(signer, text, signer_info, digest_algorithm) for text in _signed_texts(signer_info))
    )
    if content is None or not right:
        raise CardNotAuthenticated("the CMS signature is wrong")
    return SignedContent(content_type, content, signer, attributes)


_SET_OF: Final = 0x31
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_DIGESTS: Final[Mapping[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def _attributes(signer_info: cms.SignerInfo) -> dict[str, bytes]:
    """§5.3: no attribute comes twice. Several values no attribute of ours has."""
    found: dict[str, bytes] = {}
    for attribute in signer_info["signed_attrs"]:
        (value,) = attribute["values"]
        if found.setdefault(attribute["type"].dotted, value.dump()) != value.dump():
            raise ValueError("an attribute comes twice")
    return found


def _signed_texts(signer_info: cms.SignerInfo) -> list[bytes]:
    """§5.4: what is signed is the SET OF, not the [0] that stands in the message, and in DER: in order.

    Some signers sign it in the order in which they wrote it.
    """
    attributes = signer_info["signed_attrs"]
    in_order = b"".join(sorted(attribute.dump() for attribute in attributes))
    return list(dict.fromkeys([tlv.encode(_SET_OF, in_order), attributes.untag().dump()]))


def _digested(contents: Sequence[bytes], algorithm: str, signed_digest: bytes) -> bytes | None:
    wanted = core.OctetString.load(signed_digest).native
    if algorithm not in _DIGESTS:
        return None
    return next((content for content in contents if hashlib.new(algorithm, content).digest() == wanted), None)


def _embedded(signed: cms.SignedData) -> list[x509.Certificate]:
    return [decode_certificate(choice.chosen.dump()) for choice in signed["certificates"] or ()]


def _signer(signer_info: cms.SignerInfo, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    sid = signer_info["sid"]
    if sid.name == "issuer_and_serial_number":
        # Some signers write the issuer's name in another type of string than its certificate does.
        wanted = (name_key(sid.chosen["issuer"]), sid.chosen["serial_number"].native)
        fits = [one for one in certificates if one.serial_number == wanted[1] and _issuer_key(one) == wanted[0]]
    else:
        fits = [one for one in certificates if _key_identifier(one) == sid.chosen.native]
    if not fits:
        raise SignerUnknown("the signer's certificate is missing")
    return fits[0]


def _issuer_key(certificate: x509.Certificate) -> str:
    return name_key(asn1_x509.Name.load(certificate.issuer.public_bytes()))


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _signed_by(signer: x509.Certificate, message: bytes, signer_info: cms.SignerInfo, digest_algorithm: str) -> bool:
    key, kind = public_key_of(signer), signer_info["signature_algorithm"].signature_algo
    digest, signature = _DIGESTS[_hash_of(signer_info, digest_algorithm)](), signer_info["signature"].native
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and kind == "rsassa_pkcs1v15":
            key.verify(signature, message, padding.PKCS1v15(), digest)
        elif isinstance(key, rsa.RSAPublicKey) and kind == "rsassa_pss":
            key.verify(signature, message, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _hash_of(signer_info: cms.SignerInfo, digest_algorithm: str) -> str:
    """Of the signature; plain rsaEncryption does not name one, and means that of the content (RFC 3370 §3.2)."""
    algorithm = signer_info["signature_algorithm"]
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":
        return digest_algorithm
    return str(algorithm.hash_algo)
