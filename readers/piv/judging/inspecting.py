"""Read a whole card and challenge its keys, then judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.certificates import public_key_of
from readers.connection import CardConnection
from readers.errors import CardError, ProtocolError
from readers.piv.identifiers import (
    CERTIFICATE_OBJECTS,
    RETIRED_CERTIFICATES,
    Algorithm,
    Instruction,
    KeyReference,
    ObjectId,
)
from readers.piv.judging.evidence import KeyProof, Trust
from readers.piv.judging.judge import BEHIND_THE_PIN, judge_objects
from readers.piv.judging.proofs import AgreedSecret, RecoveredBlock, Refusal, SignedDigest
from readers.piv.judging.verdict import Depth, Verdict
from readers.piv.objects import CertificateObject
from readers.piv.pin import Pin
from readers.piv.refusals import expect_success
from readers.piv.security_object import CONTAINER_IDS
from readers.piv.session import PivSession

Randomness = Callable[[int], bytes]
"""That many random bytes."""

READ: Final = (*(one for one in CONTAINER_IDS if one not in RETIRED_CERTIFICATES), ObjectId.SECURITY_OBJECT)
"""Every object of the standard but the retired certificates: there are none without a key history (part 1 §3.3.3)."""
_TEMPLATE: Final = 0x7C
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82
_EXPONENTIATION: Final = 0x85
_SHA256_INFO: Final = bytes.fromhex("3031300D060960864801650304020105000420")
"""DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2)."""


@dataclass(frozen=True, slots=True)
class CardReading:
    """What a card gave; unverified."""

    depth: Depth
    objects: Mapping[ObjectId, bytes]
    proofs: Mapping[KeyReference, KeyProof]
    contactless: bool = False

    def judged(self, trust: Trust, at: datetime) -> Verdict:
        """As `judge_objects` says."""
        return judge_objects(
            self.objects, trust, at, proofs=self.proofs, depth=self.depth, contactless=self.contactless
        )


def judge(
    connection: CardConnection, trust: Trust, at: datetime, randomness: Randomness, *, pin: Pin | None = None
) -> Verdict:
    """Judge the card in a reader: with its PIN in full, without as far as a tap sees.

    Raises NotAPivCard, WrongPin, PinBlocked, ContactlessForbidden, and what the connection raises.
    """
    return read_card(connection, randomness, pin=pin).judged(trust, at)


def read_card(connection: CardConnection, randomness: Randomness, *, pin: Pin | None = None) -> CardReading:
    """Read every object that the card gives and challenge every key that has a certificate. Raises as `judge`."""
    with connection.transaction():
        session = PivSession.open(connection)
        public = [object_id for object_id in READ if object_id not in BEHIND_THE_PIN]
        objects = _read(session, public)
        if ObjectId.KEY_HISTORY in objects:
            objects |= _read(session, RETIRED_CERTIFICATES)
        proofs = _challenge(session, objects, (KeyReference.CARD_AUTHENTICATION,), randomness)
        if pin is None:
            return CardReading(Depth.TAP, objects, proofs, connection.contactless)
        session.verify_pin(pin)
        objects |= _read(session, [object_id for object_id in READ if object_id in BEHIND_THE_PIN])
        for key in (KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE, KeyReference.KEY_MANAGEMENT):
            session.verify_pin(pin)  # 9C wants it right before each use, some cards for the others too
            proofs |= _challenge(session, objects, (key,), randomness)
        return CardReading(Depth.FULL, objects, proofs)


def _read(session: PivSession, object_ids: Iterable[ObjectId]) -> dict[ObjectId, bytes]:
    objects = {}
    for object_id in object_ids:
        try:
            objects[object_id] = session.read_object(object_id)
        except CardError:
            continue  # not there, not for us, or not known to the card, which has more than one word for that
        except ProtocolError:
            objects[object_id] = b""  # it is there, and makes no sense
    return objects


def _challenge(
    session: PivSession, objects: Mapping[ObjectId, bytes], keys: tuple[KeyReference, ...], randomness: Randomness
) -> dict[KeyReference, KeyProof]:
    proofs: dict[KeyReference, KeyProof] = {}
    for key in keys:
        try:
            certificate = CertificateObject.from_bytes(objects[CERTIFICATE_OBJECTS[key]]).certificate
        except (KeyError, ProtocolError):
            continue
        public_key = public_key_of(certificate)
        try:
            if isinstance(public_key, ec.EllipticCurvePublicKey):
                proofs[key] = _challenge_ec(session, key, public_key, randomness)
            elif isinstance(public_key, rsa.RSAPublicKey):
                proofs[key] = _challenge_rsa(session, key, public_key, randomness)
        except (CardError, ProtocolError) as error:
            proofs[key] = Refusal(str(error))
    return proofs


def _challenge_ec(
    session: PivSession, key: KeyReference, public_key: ec.EllipticCurvePublicKey, randomness: Randomness
) -> KeyProof:
    large = public_key.curve.key_size > 256
    algorithm = Algorithm.ECC_P384 if large else Algorithm.ECC_P256
    if key is KeyReference.KEY_MANAGEMENT:
        ephemeral = ec.generate_private_key(ec.SECP384R1() if large else ec.SECP256R1())
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return AgreedSecret(ephemeral, _use(session, key, algorithm, _EXPONENTIATION, point))
    digest = randomness(48 if large else 32)
    return SignedDigest(digest, _use(session, key, algorithm, _CHALLENGE, digest))


def _challenge_rsa(
    session: PivSession, key: KeyReference, public_key: rsa.RSAPublicKey, randomness: Randomness
) -> KeyProof:
    size = public_key.key_size // 8
    algorithm = Algorithm.RSA_3072 if public_key.key_size == 3072 else Algorithm.RSA_2048
    if key is KeyReference.KEY_MANAGEMENT:
        secret = randomness(32)
        try:
            encrypted = public_key.encrypt(secret, padding.PKCS1v15())
        except ValueError as error:  # a certificate may hold a key of any size
            raise ProtocolError("the certificate's key is too small to encrypt anything") from error
        block = _use(session, key, algorithm, _CHALLENGE, encrypted)
        return RecoveredBlock(secret, block.partition(b"\0")[2].partition(b"\0")[2][-32:] if block else b"")
    digest = hashlib.sha256(randomness(32)).digest()
    info = _SHA256_INFO + digest
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return SignedDigest(digest, _use(session, key, algorithm, _CHALLENGE, padded))


def _use(session: PivSession, key: KeyReference, algorithm: Algorithm, tag: int, value: bytes) -> bytes:
    """GENERAL AUTHENTICATE with any key and algorithm (part 2 §3.2.4)."""
    request = tlv.encode(_TEMPLATE, tlv.encode(_RESPONSE, b"") + tlv.encode(tag, value))
    command = CommandApdu(0, Instruction.GENERAL_AUTHENTICATE, algorithm, key, request, SHORT_LE)
    answer = expect_success(session.exchange(command), f"use {key:02X}")
    return tlv.unwrap(tlv.unwrap(answer, _TEMPLATE), _RESPONSE)
