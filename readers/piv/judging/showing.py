"""What is in an object, as lines for people. Unverified, and nothing personal: no picture, no printed name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from readers import cms, tlv
from readers.certificates import public_key_of
from readers.errors import ProtocolError
from readers.piv.biometrics import BiometricObject
from readers.piv.fascn import FascN
from readers.piv.identifiers import CERTIFICATE_OBJECTS, RETIRED_CERTIFICATES, ObjectId
from readers.piv.objects import CertificateObject, Chuid, Discovery, KeyHistory
from readers.piv.photograph import photograph_of
from readers.piv.security_object import CONTAINER_IDS, SecurityObject

Line = tuple[str, str]


def show(object_id: ObjectId, content: bytes) -> Iterator[Line]:
    """Name and value of what is worth seeing; the size where the kind is not known or makes no sense."""
    try:
        yield from list(_SHOWN.get(object_id, _size)(content))
    except ProtocolError as error:
        yield "unreadable", str(error)


def _size(content: bytes) -> Iterator[Line]:
    yield "size", f"{len(content)} bytes"


def _chuid(content: bytes) -> Iterator[Line]:
    chuid = Chuid.from_bytes(content)
    yield "card UUID", str(chuid.guid)
    yield "FASC-N", _fasc_n(chuid.fasc_n)
    yield "expires", chuid.expiry.isoformat()
    yield "issuer signature", _signature(chuid.issuer_signature)


def _capabilities(content: bytes) -> Iterator[Line]:
    yield "card identifier", tlv.decode(content).get(0xF0, b"").hex().upper() or "none"


def _key_history(content: bytes) -> Iterator[Line]:
    history = KeyHistory.from_bytes(content)
    yield (
        "retired keys",
        f"{history.with_certificate} with certificate on the card, {history.without_certificate} without",
    )
    yield "certificates at", history.url or "none"


def _fasc_n(number: FascN) -> str:
    return f"agency {number.agency_code:04}, system {number.system_code:04}, credential {number.credential_number:06}"


def _certificate(content: bytes) -> Iterator[Line]:
    certificate = CertificateObject.from_bytes(content).certificate
    key = public_key_of(certificate)
    yield "subject", certificate.subject.rfc4514_string()
    yield "issuer", certificate.issuer.rfc4514_string()
    yield "valid", f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        yield "key", f"EC {key.curve.name}"
    elif isinstance(key, rsa.RSAPublicKey):
        yield "key", f"RSA {key.key_size}"


def _security(content: bytes) -> Iterator[Line]:
    security = SecurityObject.from_bytes(content)
    names = {container: object_id.name for object_id, container in CONTAINER_IDS.items()}
    hashed = (names.get(container, f"{container:04X}") for container in security.mapping.values())
    yield "hashed", ", ".join(hashed)
    yield "signature", _signature(security.signed)


def _biometric(content: bytes) -> Iterator[Line]:
    frame = BiometricObject.from_bytes(content)
    yield "type", f"{frame.biometric_type:06X}"
    yield "valid", f"{frame.not_before:%Y-%m-%d} to {frame.not_after:%Y-%m-%d}"
    yield "FASC-N", frame.fasc_n.hex().upper()
    yield "signature", _signature(frame.signature)


def _face(content: bytes) -> Iterator[Line]:
    yield from _biometric(content)
    try:
        found = photograph_of(content)
    except ProtocolError as error:
        yield "photograph", f"unreadable: {error}"
    else:
        kind = found.kind.name.replace("_", " ")
        yield "photograph", f"{kind}, {found.width} by {found.height}, {len(found.image)} bytes"


def _discovery(content: bytes) -> Iterator[Line]:
    discovery = Discovery.from_bytes(content)
    yield "application", discovery.aid.hex().upper()
    yield (
        "PIN",
        ", ".join(usage.name.lower().replace("_", " ") for usage in discovery.pin_usage if usage.name) or "none",
    )


def _signature(message: bytes) -> str:
    if not message:
        return "none"
    signers = ", ".join(certificate.subject.rfc4514_string() for certificate in cms.embedded(message))
    return f"{len(message)} bytes, with {signers}" if signers else f"{len(message)} bytes, no certificate"


_SHOWN: Final[Mapping[ObjectId, Callable[[bytes], Iterator[Line]]]] = {
    ObjectId.CHUID: _chuid,
    ObjectId.SECURITY_OBJECT: _security,
    ObjectId.FINGERPRINTS: _biometric,
    ObjectId.FACIAL_IMAGE: _face,
    ObjectId.IRIS_IMAGES: _biometric,
    ObjectId.CCC: _capabilities,
    ObjectId.KEY_HISTORY: _key_history,
    ObjectId.SECURE_MESSAGING_SIGNER: _certificate,
    ObjectId.DISCOVERY: _discovery,
    **dict.fromkeys([*CERTIFICATE_OBJECTS.values(), *RETIRED_CERTIFICATES], _certificate),
}
