"""What is fuzzed: for each parser a function of any bytes, and bytes that it takes.

A target may raise a `ReaderError` and nothing else. The same targets serve `make fuzz` (atheris), the property tests
and the replay of everything that was ever found (``tests/unit/readers/test_hostile_bytes.py``).
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from readers import cms, tlv
from readers.apdu import CommandApdu, ResponseApdu
from readers.certificates import decode_certificate, public_key_of
from readers.errors import ReaderError
from readers.piv.admin import PivAdmin
from readers.piv.attestation import Attestation, read_attestation, verify_attestation
from readers.piv.biometrics import BiometricObject
from readers.piv.fascn import NON_FEDERAL, FascN
from readers.piv.identifiers import CERTIFICATE_OBJECTS, Algorithm, KeyReference, ObjectId, PinReference
from readers.piv.judging import trusted_photograph, verify_tap
from readers.piv.judging.evidence import Trust
from readers.piv.judging.judge import judge_objects
from readers.piv.judging.showing import show
from readers.piv.management_key import ManagementKey
from readers.piv.metadata import management_algorithm, read_metadata, tries_left
from readers.piv.objects import Ccc, CertificateObject, Chuid, Discovery, PrintedInformation
from readers.piv.overview import overview
from readers.piv.photograph import ImageKind, Photograph
from readers.piv.pin import Pin
from readers.piv.products import management_algorithms, recognise
from readers.piv.security_object import SecurityObject
from readers.piv.serials import chip_serial, yubico_serial
from readers.piv.session import PivSession
from readers.piv.tap import TapResult, tap
from tests.fixtures.authorities import Entity, year
from tests.fixtures.faces import FaceIssuer
from tests.fixtures.scripted import SELECTED, HostileConnection

CARD: Final = UUID("00112233-4455-4677-8899-aabbccddeeff")
OBJECTS: Final = {ObjectId.CHUID: b"chuid", ObjectId.FACIAL_IMAGE: b"face"}
MANAGEMENT_KEY: Final = ManagementKey(Algorithm.AES_256, bytes(range(32)))
DIGEST: Final = hashlib.sha256(b"statement").digest()


@dataclass(frozen=True, slots=True)
class Target:
    """One parser."""

    consume: Callable[[bytes], object]
    """May raise a ReaderError and nothing else."""
    seeds: Callable[[], Sequence[bytes]]
    """Bytes that it takes, from which a fuzzer starts."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody who certifies and signs, made anew for each run."""

    root: Entity
    leaf: Entity
    tap: TapResult
    """Of a card whose 9E certificate is the leaf."""

    @property
    def der(self) -> bytes:
        """The leaf's certificate."""
        return self.leaf.certificate.public_bytes(Encoding.DER)


@cache
def issuer() -> Issuer:
    """The one of this process."""
    root = Entity.root()
    leaf = root.leaf(uris=[CARD.urn])
    return Issuer(root, leaf, TapResult(CARD, DIGEST, leaf.signature_of(b"statement")))


def all_tlv(raw: bytes) -> None:
    """Every level of nesting, as deep as its bytes make it seem."""
    level = raw
    for _ in range(len(raw)):
        elements = list(tlv.iterate(level))
        if not elements:
            break
        level = max((value for _, value in elements), key=len)
    tlv.decode(raw)
    tlv.unwrap(raw, 0x53)


def command(raw: bytes) -> None:
    """A command of somebody else's."""
    decoded = CommandApdu.from_bytes(raw)
    assert CommandApdu.from_bytes(decoded.to_extended()).data == decoded.data
    repr(decoded)


def answer(raw: bytes) -> None:
    """An answer comes back as it was."""
    decoded = ResponseApdu.from_bytes(raw)
    assert bytes(decoded) == raw
    repr(decoded)


def certificate(raw: bytes) -> None:
    """Everything we do with a card's certificate."""
    look_at(decode_certificate(raw))


def certificate_object(raw: bytes) -> None:
    """The same, out of its object, which may be compressed."""
    look_at(CertificateObject.from_bytes(raw).certificate)


def look_at(found: x509.Certificate) -> None:
    """Show it, and use it for everything that certificates of a card are for."""
    found.subject.rfc4514_string()
    found.not_valid_after_utc.isoformat()
    public_key_of(found)
    with contextlib.suppress(ReaderError):
        verify_tap(issuer().tap, found, [found], [issuer().root.certificate], year(2025))
    key = issuer().leaf.key.public_key()
    verify_attestation(Attestation(found, found), KeyReference.PIV_AUTHENTICATION, key, [found], year(2025))


def signed_data(raw: bytes) -> None:
    """CMS."""
    cms.verify(raw, [issuer().leaf.certificate])


def security_object(raw: bytes) -> None:
    """Its frame, its CMS, its hashes."""
    SecurityObject.from_bytes(raw).verify(OBJECTS, [issuer().leaf.certificate])


def judged(raw: bytes) -> None:
    """A whole card, whatever is on it: the judge finds fault with it, it can be shown, and nothing is raised."""
    objects = {JUDGED[number % len(JUDGED)]: content for number, content in _parts(raw)}
    root = issuer().root.certificate
    try:
        verdict = judge_objects(objects, Trust(anchors=[root], intermediates=[root]), year(2025))
        for object_id, content in objects.items():
            list(show(object_id, content))
    except ReaderError as error:
        raise AssertionError("the judge raised") from error
    for finding in verdict.findings:
        str(finding)


def _parts(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Contents of objects, each after its number and its length."""
    while raw:
        length = int.from_bytes(raw[1:3], "big")
        yield raw[0], raw[3 : 3 + length]
        raw = raw[3 + length :]


def _sample_frame() -> bytes:
    moment = bytes((20, 25, 1, 1, 0, 0, 0)) + b"Z"
    signature = _sample_cms()
    header = bytes((3, 0x0D)) + (4).to_bytes(4, "big") + len(signature).to_bytes(2, "big") + bytes(4)
    header += moment * 3 + bytes((0, 0, 8)) + bytes(20) + bytes(NON_FEDERAL) + bytes(4)
    return tlv.encode(0xBC, header + b"face" + signature) + bytes.fromhex("FE00")


def _sample_card() -> bytes:
    contents = {
        ObjectId.CHUID: bytes(Chuid(NON_FEDERAL, CARD, date(2030, 1, 1), _sample_cms())),
        ObjectId.CERTIFICATE_CARD_AUTHENTICATION: _sample_certificates()[0],
        ObjectId.CERTIFICATE_PIV_AUTHENTICATION: _sample_certificates()[1],
        ObjectId.SECURITY_OBJECT: _sample_security_object(),
        ObjectId.DISCOVERY: bytes(Discovery()),
        ObjectId.PRINTED_INFORMATION: _sample_printed(),
        ObjectId.FACIAL_IMAGE: _sample_frame(),
    }
    return b"".join(
        bytes((JUDGED.index(object_id),)) + len(content).to_bytes(2, "big") + content
        for object_id, content in contents.items()
    )


FACES: Final = FaceIssuer()
FACE: Final = Photograph(b"\xff\x4f\xff\x51 codestream", 3, 4, ImageKind.JPEG_2000)
PLAIN: Final = Photograph(b"\xff\xd8\xff file", 3, 4)
JUDGED: Final = tuple(ObjectId)


def signed_photograph(raw: bytes) -> None:
    """The facial image of a card whose issuer hashed it, whatever it is."""
    hashed = {ObjectId.CHUID: bytes(Chuid(NON_FEDERAL, CARD, date(2030, 1, 1))), ObjectId.FACIAL_IMAGE: raw}
    trusted_photograph({**hashed, ObjectId.SECURITY_OBJECT: FACES.vouch(hashed)}, FACES.trust, year(2027))


def signed_hashes(raw: bytes) -> None:
    """What a signer who means us harm puts under a right signature."""
    leaf = issuer().leaf
    signed = cms.sign("1.3.27.1.1.1", raw, leaf.certificate, leaf.signature_of)
    SecurityObject({1: 0x3000, 2: 0x6030}, signed).verify(OBJECTS)


def conversation(raw: bytes) -> None:
    """Everything a session can be asked, answered with ``raw``: length-prefixed answers, and the order of questions."""
    questions, answers = _split(raw)
    connection = HostileConnection(answers, contactless=bool(questions and questions[0] & 1))
    session = PivSession.open(connection)
    for question in questions:
        with contextlib.suppress(ReaderError):
            QUESTIONS[question % len(QUESTIONS)](session, connection)


def spoken(*answers: str, questions: bytes = bytes(range(32))) -> bytes:
    """The reverse: a conversation in which the card gives these answers, in hex."""
    said = b"".join(len(data).to_bytes(2, "big") + data for data in map(bytes.fromhex, answers))
    return bytes((len(questions),)) + questions + said


def _split(raw: bytes) -> tuple[bytes, list[bytes]]:
    count = raw[0] if raw else 0
    return raw[1 : 1 + count], list(_answers(raw[1 + count :]))


def _answers(raw: bytes) -> Iterator[bytes]:
    while raw:
        length = int.from_bytes(raw[:2], "big")
        yield raw[2 : 2 + length]
        raw = raw[2 + length :]


QUESTIONS: Final[tuple[Callable[[PivSession, HostileConnection], object], ...]] = (
    lambda session, _: session.read_chuid(),
    lambda session, _: session.pin_tries_left(),
    lambda session, _: session.verify_pin(Pin("123456")),
    lambda session, _: session.change_pin(Pin("123456"), Pin("654321")),
    lambda session, _: session.change_puk(Pin("12345678"), Pin("87654321")),
    lambda session, _: session.reset_pin(Pin("12345678"), Pin("654321")),
    lambda session, _: session.sign_digest(KeyReference.CARD_AUTHENTICATION, DIGEST),
    lambda session, _: [session.read_certificate(key) for key in CERTIFICATE_OBJECTS],
    lambda session, _: [session.read_object(object_id) for object_id in ObjectId],
    lambda session, _: recognise(session),
    lambda session, _: management_algorithm(session),
    lambda session, _: management_algorithms(session),
    lambda session, _: [read_metadata(session, key) for key in KeyReference],
    lambda session, _: [tries_left(session, pin) for pin in PinReference],
    lambda session, _: read_attestation(session, KeyReference.PIV_AUTHENTICATION),
    lambda session, _: (chip_serial(session), yubico_serial(session)),
    lambda session, _: PivAdmin(session).authenticate(MANAGEMENT_KEY),
    lambda session, _: PivAdmin(session).generate_key(KeyReference.PIV_AUTHENTICATION),
    lambda session, _: PivAdmin(session).put_object(ObjectId.CHUID, bytes(600)),
    lambda session, _: PivAdmin(session).set_management_key(MANAGEMENT_KEY),
    lambda _, connection: overview(connection),
    lambda _, connection: tap(connection, lambda _: DIGEST),
)


def _sample_chuid() -> bytes:
    return bytes(Chuid(NON_FEDERAL, CARD, date(2030, 1, 1), b"signature"))


def _sample_printed() -> bytes:
    return bytes(PrintedInformation("Wong Mei", "City", date(2030, 2, 3), "C-0001", "Hengqin"))


def _sample_certificates() -> list[bytes]:
    compressed = tlv.encode(0x70, gzip.compress(issuer().der)) + bytes.fromhex("710101FE00")
    return [bytes(CertificateObject(issuer().leaf.certificate)), compressed]


def _sample_cms(*, embed_signer: bool = True) -> bytes:
    leaf = issuer().leaf
    return cms.sign("1.3.27.1.1.1", b"content", leaf.certificate, leaf.signature_of, embed_signer=embed_signer)


def _sample_security_object() -> bytes:
    leaf = issuer().leaf
    return bytes(SecurityObject.sign(OBJECTS, leaf.certificate, leaf.signature_of))


def _sample_conversations() -> list[bytes]:
    chuid = tlv.encode(0x53, _sample_chuid()) + b"\x90\0"
    short = tlv.encode(0x53, _sample_certificates()[0])
    chained = (short[:256] + b"\x61\0", short[256:] + b"\x90\0")
    signed = "7C0A 8208 3006 020101 020102 9000"
    return [
        spoken(SELECTED, chuid.hex(), "63C3", "9000", "9000", "9000", "9000", signed, "6A82"),
        spoken(SELECTED, *(part.hex() for part in chained), questions=b"\x07"),
        spoken(SELECTED, "050403 9000", "0101 0A 06020303 9000", questions=b"\x09\x0d\x0a\x0b"),
        spoken(SELECTED, chuid.hex(), signed, questions=b"\x11"),
    ]


TARGETS: Final[Mapping[str, Target]] = {
    "tlv": Target(all_tlv, lambda: [bytes.fromhex("7E124F0BA0000003080000100001005F2F024000"), _sample_chuid()]),
    "command": Target(
        command, lambda: [bytes.fromhex("00CB3FFF055C035FC10200"), bytes.fromhex("00DB3FFF0000025C0000FF")]
    ),
    "answer": Target(answer, lambda: [bytes.fromhex("53009000"), bytes.fromhex("6C10")]),
    "fascn": Target(FascN.from_bytes, lambda: [bytes(NON_FEDERAL)]),
    "chuid": Target(Chuid.from_bytes, lambda: [_sample_chuid()]),
    "ccc": Target(Ccc.from_bytes, lambda: [bytes(Ccc(bytes(14)))]),
    "discovery": Target(Discovery.from_bytes, lambda: [bytes(Discovery())]),
    "printed": Target(PrintedInformation.from_bytes, lambda: [_sample_printed()]),
    "certificate": Target(certificate, lambda: [issuer().der]),
    "certificate_object": Target(certificate_object, _sample_certificates),
    "cms": Target(signed_data, lambda: [_sample_cms(), _sample_cms(embed_signer=False)]),
    "security_object": Target(security_object, lambda: [_sample_security_object()]),
    "biometrics": Target(BiometricObject.from_bytes, lambda: [_sample_frame()]),
    "facial_record": Target(Photograph.from_record, lambda: [bytes(FACE), bytes(PLAIN)]),
    "photograph": Target(signed_photograph, lambda: [FACES.face(CARD, FACE)]),
    "judged": Target(judged, lambda: [_sample_card()]),
    "signed_hashes": Target(
        signed_hashes, lambda: [cms.verify(SecurityObject.from_bytes(_sample_security_object()).signed).content]
    ),
    "conversation": Target(conversation, _sample_conversations),
}
"""By name."""


def survives(target: Target, raw: bytes) -> None:
    """Feed it. Anything but a ReaderError is a finding."""
    with contextlib.suppress(ReaderError):
        target.consume(raw)
