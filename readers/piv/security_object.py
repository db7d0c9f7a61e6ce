"""The security object (SP 800-73-5 part 1 table 12): signed hashes of the card's objects, as on a passport.

Without it, someone could put the objects of two cards together. The hashes are an LDS security object (ICAO Doc 9303
part 10 §4.7.1) in CMS SignedData (RFC 5652), signed by the issuer's content signing key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509

from readers import cms, tlv
from readers.errors import CardInconsistent, ProtocolError
from readers.piv.identifiers import RETIRED_CERTIFICATES, ObjectId

LDS_SECURITY_OBJECT: Final = "1.3.27.1.1.1"
"""id-icao-ldsSecurityObject, as SP 800-85B wants it on PIV cards (not the newer 2.23.136.1.1.1 of passports)."""

CONTAINER_IDS: Final = {
    ObjectId.CCC: 0xDB00,
    ObjectId.CHUID: 0x3000,
    ObjectId.CERTIFICATE_PIV_AUTHENTICATION: 0x0101,
    ObjectId.FINGERPRINTS: 0x6010,
    ObjectId.FACIAL_IMAGE: 0x6030,
    ObjectId.CERTIFICATE_CARD_AUTHENTICATION: 0x0500,
    ObjectId.CERTIFICATE_DIGITAL_SIGNATURE: 0x0100,
    ObjectId.CERTIFICATE_KEY_MANAGEMENT: 0x0102,
    ObjectId.PRINTED_INFORMATION: 0x3001,
    ObjectId.DISCOVERY: 0x6050,
    ObjectId.KEY_HISTORY: 0x6060,
    ObjectId.IRIS_IMAGES: 0x1015,
    ObjectId.BIOMETRIC_TEMPLATES: 0x1016,
    ObjectId.SECURE_MESSAGING_SIGNER: 0x1017,
    ObjectId.PAIRING_CODE: 0x1018,
    **{object_id: 0x1001 + number for number, object_id in enumerate(RETIRED_CERTIFICATES)},
}
"""Container IDs (part 1 table 3), by which the mapping names objects. The security object does not hash itself."""

_MAP: Final = 0xBA
_SIGNED: Final = 0xBB
_ERROR_DETECTION: Final = 0xFE
_MAP_ENTRY: Final = 3
_MAX_OBJECTS: Final = 16
"""Data groups are numbered 1 to 16."""


_SHA256: Final = bytes.fromhex("300B 0609608648016503040201")
"""AlgorithmIdentifier of SHA-256, parameters absent (RFC 5754 §2)."""
_ALGORITHMS: Final = {
    bytes.fromhex(f"{prefix} 06096086480165030402{number:02X} {null}"): name
    for number, name in ((1, "sha256"), (2, "sha384"), (3, "sha512"))
    for prefix, null in (("300B", ""), ("300D", "0500"))
}
"""What readers take: SP 800-78-5 §3.2.3 wants the hash of the signature; older encoders write parameters of NULL."""
_INTEGER: Final = 0x02
_OCTET_STRING: Final = 0x04
_SEQUENCE: Final = 0x30


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """``mapping`` is the container ID of each numbered hash, ``signed`` the CMS SignedData in DER. Unverified."""

    mapping: Mapping[int, int]
    signed: bytes

    def __bytes__(self) -> bytes:
        entries = b"".join(
            bytes((number,)) + container.to_bytes(2, "big") for number, container in self.mapping.items()
        )
        return tlv.encode(_MAP, entries) + tlv.encode(_SIGNED, self.signed) + tlv.encode(_ERROR_DETECTION, b"")

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        elements = tlv.decode(content)
        entries, signed = elements.get(_MAP, b""), elements.get(_SIGNED, b"")
        if not signed or len(entries) % _MAP_ENTRY or len(entries) > _MAP_ENTRY * _MAX_OBJECTS:
            raise ProtocolError("the security object has no signature or a broken mapping")
        pieces = (entries[i : i + _MAP_ENTRY] for i in range(0, len(entries), _MAP_ENTRY))
        return cls({piece[0]: int.from_bytes(piece[1:], "big") for piece in pieces}, signed)

    @classmethod
    def sign(
        cls,
        objects: Mapping[ObjectId, bytes],
        signer: x509.Certificate,
        signature_of: Callable[[bytes], bytes],
        *,
        embed_signer: bool = True,
    ) -> Self:
        """Sign the contents of ``objects``.

        ``signature_of`` gives the ECDSA-with-SHA-256 signature (DER) of some bytes by the key of ``signer``. The
        signer's certificate is embedded unless the CHUID carries it (part 1 §3.1.7 then wants it there only).
        """
        if not objects or ObjectId.SECURITY_OBJECT in objects:
            raise ValueError("it vouches for other objects")
        numbered = dict(enumerate(sorted(objects), start=1))
        lds = _encode_hashes({number: hashlib.sha256(objects[oid]).digest() for number, oid in numbered.items()})
        signed = cms.sign(LDS_SECURITY_OBJECT, lds, signer, signature_of, embed_signer=embed_signer)
        return cls({number: CONTAINER_IDS[object_id] for number, object_id in numbered.items()}, signed)

    def verify(
        self, objects: Mapping[ObjectId, bytes], candidates: Sequence[x509.Certificate] = ()
    ) -> x509.Certificate:
        """Check signature and hashes against the contents read from the card; gives the signer, whom the caller judges.

        Every one of ``objects`` must be hashed; objects that are hashed and not given are not looked at. Raises
        CardNotAuthenticated (wrong signature), CardInconsistent (an object is not what was signed), ProtocolError.
        """
        vouched = self.open(candidates)
        for object_id, content in objects.items():
            if not vouched.covers(object_id, content):
                raise CardInconsistent(f"{object_id.name} is not what the issuer signed")
        return vouched.signer

    def open(self, candidates: Sequence[x509.Certificate] = ()) -> SignedHashes:
        """Check the signature. Raises CardNotAuthenticated, CardInconsistent (not over hashes), ProtocolError."""
        signed = cms.verify(self.signed, candidates)
        if signed.content_type != LDS_SECURITY_OBJECT:
            # The issuer signs other things too: their bytes must not pass for hashes of a card.
            raise CardInconsistent("what was signed is no LDS security object")
        algorithm, hashes = _decode_hashes(signed.content)
        by_container = {container: hashes.get(number, b"") for number, container in self.mapping.items()}
        return SignedHashes(signed.signer, algorithm, by_container)


@dataclass(frozen=True, slots=True)
class SignedHashes:
    """What a security object vouches for. Its signature is right; its signer is for the caller to judge."""

    signer: x509.Certificate
    algorithm: str
    """For `hashlib`."""
    by_container: Mapping[int, bytes]

    def covers(self, object_id: ObjectId, content: bytes) -> bool:
        """Whether this content of that object was signed."""
        return self.by_container.get(CONTAINER_IDS[object_id]) == hashlib.new(self.algorithm, content).digest()

    def names(self, object_id: ObjectId) -> bool:
        """Whether that object was signed, whatever its content."""
        return CONTAINER_IDS.get(object_id) in self.by_container


def _encode_hashes(hashes: Mapping[int, bytes]) -> bytes:
    """LDSSecurityObject, version 0, in DER (which is BER-TLV too)."""
    entries = b"".join(
        tlv.encode(_SEQUENCE, tlv.encode(_INTEGER, bytes((number,))) + tlv.encode(_OCTET_STRING, digest))
        for number, digest in hashes.items()
    )
    return tlv.encode(_SEQUENCE, tlv.encode(_INTEGER, b"\0") + _SHA256 + tlv.encode(_SEQUENCE, entries))


def _decode_hashes(der: bytes) -> tuple[str, dict[int, bytes]]:
    version, identifier, entries, *_ = [*tlv.iterate(tlv.unwrap(der, _SEQUENCE)), *[(0, b"")] * 3]
    algorithm = _ALGORITHMS.get(tlv.encode(*identifier))
    if version[0] != _INTEGER or algorithm is None or entries[0] != _SEQUENCE:
        raise ProtocolError("not an LDS security object with SHA-256, SHA-384 or SHA-512")
    pairs = [tlv.decode(entry) for _, entry in tlv.iterate(entries[1])]
    return algorithm, {int.from_bytes(pair.get(_INTEGER, b""), "big"): pair.get(_OCTET_STRING, b"") for pair in pairs}
