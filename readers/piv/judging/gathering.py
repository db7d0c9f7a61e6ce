"""Decode what a card holds and check who signed it; what cannot be decoded is the first finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509

from readers import cms, tlv
from readers.errors import CardInconsistent, CardNotAuthenticated, ProtocolError, SignerUnknown
from readers.piv.biometrics import BIOMETRIC_OBJECT, BiometricObject
from readers.piv.identifiers import CERTIFICATE_OBJECTS, RETIRED_CERTIFICATES, KeyReference, ObjectId
from readers.piv.judging.evidence import Biometric, Evidence, KeyProof, Trust
from readers.piv.judging.verdict import Code
from readers.piv.objects import CertificateObject, Chuid, Discovery, KeyHistory
from readers.piv.security_object import SecurityObject
from readers.piv.signed_chuid import CHUID_CONTENT, signed_contents

_Decoded = TypeVar("_Decoded")

BIOMETRIC_OBJECTS: Final = (ObjectId.FINGERPRINTS, ObjectId.FACIAL_IMAGE, ObjectId.IRIS_IMAGES)
_DECODED_ONLY: Final[Mapping[ObjectId, Callable[[bytes], object]]] = {
    ObjectId.DISCOVERY: Discovery.from_bytes,
    ObjectId.PRINTED_INFORMATION: tlv.decode,
    ObjectId.CCC: tlv.decode,
    ObjectId.KEY_HISTORY: KeyHistory.from_bytes,
    ObjectId.PAIRING_CODE: tlv.decode,
    ObjectId.BIOMETRIC_TEMPLATES: lambda content: list(tlv.iterate(content)),  # a template for each finger
    ObjectId.SECURE_MESSAGING_SIGNER: CertificateObject.from_bytes,
    # They need not be valid any more, as they only open what is old.
    **dict.fromkeys(RETIRED_CERTIFICATES, CertificateObject.from_bytes),
}
"""Objects whose content no other check wants. Those of other issuers differ from ours in many ways."""


def gather(
    objects: Mapping[ObjectId, bytes],
    proofs: Mapping[KeyReference, KeyProof],
    trust: Trust,
    at: datetime,
    *,
    contactless: bool = False,
) -> Evidence:
    """The evidence of one card. Raises nothing over what a card holds."""
    evidence = Evidence(objects, proofs, trust, at, contactless)
    evidence.chuid = _decoded(evidence, ObjectId.CHUID, Chuid.from_bytes)
    for key, object_id in CERTIFICATE_OBJECTS.items():
        found = _decoded(evidence, object_id, CertificateObject.from_bytes)
        if found is not None:
            evidence.certificates[key] = found.certificate
    for object_id, decode in _DECODED_ONLY.items():
        _decoded(evidence, object_id, decode)
    security = _decoded(evidence, ObjectId.SECURITY_OBJECT, SecurityObject.from_bytes)
    frames = {object_id: _decoded(evidence, object_id, BiometricObject.from_bytes) for object_id in BIOMETRIC_OBJECTS}
    _check_signatures(evidence, security, {object_id: frame for object_id, frame in frames.items() if frame})
    return evidence


def _check_signatures(
    evidence: Evidence, security: SecurityObject | None, frames: Mapping[ObjectId, BiometricObject]
) -> None:
    """The signer's certificate is in one of the messages, in whichever (SP 800-73-5 part 1 §3.1.7)."""
    chuid_signature = evidence.chuid.issuer_signature if evidence.chuid else b""
    messages = [chuid_signature, security.signed if security else b"", *(frame.signature for frame in frames.values())]
    candidates = [certificate for message in messages for certificate in _embedded(message)]
    if chuid_signature:
        contents = signed_contents(evidence.objects[ObjectId.CHUID])
        verify = _detached(chuid_signature, candidates, contents, CHUID_CONTENT)
        evidence.chuid_signature = _trying(evidence, ObjectId.CHUID, verify)
    if security is not None:
        evidence.hashes = _trying(evidence, ObjectId.SECURITY_OBJECT, lambda: security.open(candidates))
    for object_id, frame in frames.items():
        signed = None
        if frame.signature:
            verify = _detached(frame.signature, candidates, [frame.signed], BIOMETRIC_OBJECT)
            signed = _trying(evidence, object_id, verify)
        else:
            evidence.find(Code.SIGNATURE_MISSING, object_id.name)
        evidence.biometrics[object_id] = Biometric(frame, signed)


def _detached(
    message: bytes, candidates: Sequence[x509.Certificate], contents: Sequence[bytes], content_type: str
) -> Callable[[], cms.SignedContent]:
    """Verify a signature over what stands beside it. The issuer signs other things too, with the same key."""

    def verify() -> cms.SignedContent:
        signed = cms.verify(message, candidates, detached=contents)
        if signed.content_type != content_type or signed.content not in contents:
            raise CardInconsistent(f"the signature is over {signed.content_type}")
        return signed

    return verify


def _trying(evidence: Evidence, object_id: ObjectId, verify: Callable[[], _Decoded]) -> _Decoded | None:
    try:
        return verify()
    except CardNotAuthenticated:
        evidence.find(Code.SIGNATURE_WRONG, object_id.name)
    except CardInconsistent as error:
        evidence.find(Code.SIGNED_FOR_SOMETHING_ELSE, object_id.name, detail=error)
    except SignerUnknown:
        evidence.find(Code.SIGNER_UNKNOWN, object_id.name)
    except ProtocolError as error:
        evidence.find(Code.OBJECT_MALFORMED, object_id.name, detail=error)
    return None


def _decoded(evidence: Evidence, object_id: ObjectId, decode: Callable[[bytes], _Decoded]) -> _Decoded | None:
    content = evidence.objects.get(object_id)
    if content is None:
        return None
    try:
        return decode(content)
    except ProtocolError as error:
        evidence.find(Code.OBJECT_MALFORMED, object_id.name, detail=error)
        return None


def _embedded(message: bytes) -> list[x509.Certificate]:
    try:
        return cms.embedded(message) if message else []
    except ProtocolError:
        return []  # said where the message itself is verified
