"""Objects: which must be there, what the security object says of them, times and kinds."""

from __future__ import annotations

from typing import Final

from readers import tlv
from readers.piv.biometrics import FACE_TYPE, FINGERPRINT_TYPE, IRIS_TYPE
from readers.piv.identifiers import PIV_AID_PARTIAL, ObjectId
from readers.piv.judging.evidence import Evidence
from readers.piv.judging.verdict import Code, Severity
from readers.piv.objects import PinUsage
from readers.piv.security_object import CONTAINER_IDS

MANDATORY: Final = (
    ObjectId.CHUID,
    ObjectId.SECURITY_OBJECT,
    ObjectId.CERTIFICATE_PIV_AUTHENTICATION,
    ObjectId.CERTIFICATE_CARD_AUTHENTICATION,
)
"""Of what SP 800-73-5 part 1 table 2 wants, that without which a card cannot be judged."""
CONTACTLESS: Final = frozenset({ObjectId.CHUID, ObjectId.CERTIFICATE_CARD_AUTHENTICATION})
"""Of these, what a card gives over a contactless reader (table 2)."""
_BIOMETRIC_TYPES: Final = {
    ObjectId.FINGERPRINTS: FINGERPRINT_TYPE,
    ObjectId.FACIAL_IMAGE: FACE_TYPE,
    ObjectId.IRIS_IMAGES: IRIS_TYPE,
}
_GLOBAL_PREFERENCES: Final = (0x10, 0x20)


def check_presence(evidence: Evidence) -> None:
    """The mandatory objects are there."""
    for object_id in MANDATORY:
        if object_id not in evidence.objects and (object_id in CONTACTLESS or not evidence.contactless):
            evidence.find(Code.OBJECT_MISSING, object_id.name)


def check_expiry(evidence: Evidence) -> None:
    """The card has not expired."""
    if evidence.chuid is not None and evidence.at.date() > evidence.chuid.expiry:
        evidence.find(Code.CHUID_EXPIRED, ObjectId.CHUID.name, expiry=evidence.chuid.expiry)


def check_hashes(evidence: Evidence) -> None:
    """Every object that was hashed is what it was, and what nobody signed was hashed."""
    if evidence.hashes is None:
        return
    for object_id in CONTAINER_IDS:
        content = evidence.objects.get(object_id)
        if content is None:
            if evidence.hashes.names(object_id):
                # Perhaps it is behind the PIN, or not in the dump.
                evidence.find(Code.HASHED_OBJECT_MISSING, object_id.name, Severity.NOTE)
        elif not evidence.hashes.names(object_id):
            severity = _missed(evidence, object_id)
            if severity is not None:
                evidence.find(Code.HASH_MISSING, object_id.name, severity)
        elif not evidence.hashes.covers(object_id, content):
            evidence.find(Code.HASH_WRONG, object_id.name)


def _missed(evidence: Evidence, object_id: ObjectId) -> Severity | None:
    """Part 1 §3.1.7: unsigned objects are vouched for by the security object, or by nobody."""
    if object_id is ObjectId.CHUID and evidence.chuid is not None and not evidence.chuid.issuer_signature:
        return Severity.FAULT
    return Severity.NOTE if object_id is ObjectId.PRINTED_INFORMATION else None


def check_biometrics(evidence: Evidence) -> None:
    """Frames are of the right kind, and valid now."""
    for object_id, biometric in evidence.biometrics.items():
        frame, where = biometric.frame, object_id.name
        if frame.biometric_type != _BIOMETRIC_TYPES[object_id]:
            evidence.find(Code.BIOMETRIC_OF_ANOTHER_KIND, where, found=f"{frame.biometric_type:06X}")
        if evidence.at > frame.not_after:
            evidence.find(Code.BIOMETRIC_EXPIRED, where, not_after=frame.not_after.isoformat())
        elif evidence.at < frame.not_before:
            evidence.find(Code.BIOMETRIC_NOT_YET_VALID, where, not_before=frame.not_before.isoformat())
        elif evidence.chuid is not None and frame.not_after.date() < evidence.chuid.expiry:
            evidence.find(
                Code.BIOMETRIC_EXPIRES_BEFORE_CARD, where, Severity.NOTE, not_after=frame.not_after.isoformat()
            )


def check_discovery(evidence: Evidence) -> None:
    """The application's name and the PIN usage policy (part 1 §3.3.2)."""
    content = evidence.objects.get(ObjectId.DISCOVERY)
    if content is None or any(found.where == ObjectId.DISCOVERY.name for found in evidence.findings):
        return
    elements, where = tlv.decode(content), ObjectId.DISCOVERY.name
    if not elements[0x4F].startswith(PIV_AID_PARTIAL):
        evidence.find(Code.APPLICATION_WRONG, where, found=elements[0x4F].hex())
    usage, preference = elements[0x5F2F]
    found = elements[0x5F2F].hex()
    if not usage & PinUsage.APPLICATION_PIN or usage & ~sum(PinUsage):
        evidence.find(Code.PIN_POLICY_WRONG, where, found=found)
    elif usage & PinUsage.GLOBAL_PIN:
        if preference not in _GLOBAL_PREFERENCES:
            evidence.find(Code.PIN_POLICY_WRONG, where, found=found)
    elif preference:
        # Means nothing without a global PIN; some products set it all the same.
        evidence.find(Code.PIN_POLICY_WRONG, where, Severity.NOTE, found=found)
