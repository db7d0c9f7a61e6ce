"""Keys of a card challenged through the card, whatever their kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.errors import ProtocolError, WrongPin
from readers.piv.admin import PivAdmin
from readers.piv.biometrics import BiometricObject
from readers.piv.identifiers import (
    CERTIFICATE_OBJECTS,
    RETIRED_CERTIFICATES,
    Algorithm,
    Instruction,
    KeyReference,
    ObjectId,
)
from readers.piv.judging import Code, Depth, Trust, judge_objects, read_card
from readers.piv.judging.showing import show
from readers.piv.objects import CertificateObject
from readers.piv.photograph import ImageKind, Photograph
from readers.piv.pin import Pin
from readers.piv.products import YUBICO_5_3
from readers.piv.security_object import CONTAINER_IDS
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackConnection, LoopbackReader, put_on, take_off
from tests.fixtures.authorities import Entity, year
from tests.fixtures.faces import PHOTOGRAPH, FaceIssuer
from tests.fixtures.transports import Through

FACTORY_PIN: Final = Pin("123456")
ISSUER: Final = Entity.root()
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[LoopbackConnection]:
    slot = tmp_path / "slot"
    put_on(slot, tmp_path / "card.json")
    with LoopbackReader(slot).connect() as connected:
        yield connected
    take_off(slot)


def make_key(session: PivSession, key: KeyReference, algorithm: Algorithm) -> PublicKey:
    if algorithm is not Algorithm.RSA_2048:
        return PivAdmin(session).generate_key(key, algorithm)
    control = tlv.encode(0xAC, tlv.encode(0x80, bytes((algorithm,))))
    answer = session.exchange(CommandApdu(0, Instruction.GENERATE_ASYMMETRIC_KEY_PAIR, 0, key, control, SHORT_LE))
    numbers = tlv.decode(tlv.unwrap(answer.data, 0x7F49))
    exponent, modulus = (int.from_bytes(numbers[tag], "big") for tag in (0x82, 0x81))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def equip(connection: LoopbackConnection, algorithm: Algorithm, *, swapped: bool = False) -> None:
    """Keys and certificates in all slots; ``swapped``: each certificate is of a key that another card has."""
    session = PivSession.open(connection)
    admin = PivAdmin(session)
    admin.authenticate(YUBICO_5_3.management_key)
    for key, object_id in CERTIFICATE_OBJECTS.items():
        public_key = make_key(session, key, algorithm)
        if swapped:
            public_key = make_key(session, key, algorithm)
            make_key(session, key, algorithm)
        admin.put_object(object_id, bytes(CertificateObject(ISSUER.leaf(public_key).certificate)))
    connection.reset()


def codes(connection: LoopbackConnection, *, pin: Pin | None = FACTORY_PIN) -> set[tuple[Code, str]]:
    verdict = read_card(connection, os.urandom, pin=pin).judged(Trust([ISSUER.certificate]), year(2025))
    wanted = {Code.KEY_DIFFERS, Code.KEY_UNUSABLE}
    return {(finding.code, finding.where) for finding in verdict.findings if finding.code in wanted}


@pytest.mark.parametrize("algorithm", [Algorithm.ECC_P256, Algorithm.ECC_P384, Algorithm.RSA_2048])
def test_every_key_of_any_kind(connection: LoopbackConnection, algorithm: Algorithm) -> None:
    equip(connection, algorithm)
    reading = read_card(connection, os.urandom, pin=FACTORY_PIN)
    assert reading.proofs.keys() == CERTIFICATE_OBJECTS.keys()
    assert reading.depth is Depth.FULL
    assert codes(connection) == set()


@pytest.mark.parametrize("algorithm", [Algorithm.ECC_P256, Algorithm.ECC_P384])
def test_certificates_of_other_keys(connection: LoopbackConnection, algorithm: Algorithm) -> None:
    equip(connection, algorithm, swapped=True)
    assert codes(connection) == {(Code.KEY_DIFFERS, where) for where in ("9A", "9C", "9D", "9E")}
    assert codes(connection, pin=None) == {(Code.KEY_DIFFERS, "9E")}


def test_a_certificate_of_another_kind_of_key(connection: LoopbackConnection) -> None:
    equip(connection, Algorithm.ECC_P256)
    session = PivSession.open(connection)
    admin = PivAdmin(session)
    admin.authenticate(YUBICO_5_3.management_key)
    wrong = ISSUER.leaf(ec.generate_private_key(ec.SECP384R1()).public_key()).certificate
    admin.put_object(ObjectId.CERTIFICATE_CARD_AUTHENTICATION, bytes(CertificateObject(wrong)))
    assert codes(connection, pin=None) == {(Code.KEY_UNUSABLE, "9E")}


@pytest.mark.parametrize("bits", [128, 256, 512])
def test_certificates_of_keys_that_are_far_too_small(connection: LoopbackConnection, bits: int) -> None:
    tiny = ISSUER.leaf(rsa.RSAPublicNumbers(3, (1 << bits) - 1).public_key())
    write(connection, dict.fromkeys(CERTIFICATE_OBJECTS.values(), bytes(CertificateObject(tiny.certificate))))
    assert codes(connection) == {(Code.KEY_UNUSABLE, where) for where in ("9A", "9C", "9D", "9E")}


def test_a_wrong_pin_costs_one_try_and_ends_it(connection: LoopbackConnection) -> None:
    equip(connection, Algorithm.ECC_P256)
    with pytest.raises(WrongPin) as raised:
        read_card(connection, os.urandom, pin=Pin("999999"))
    assert raised.value.tries_left == 2


def test_a_card_that_holds_nothing(connection: LoopbackConnection) -> None:
    reading = read_card(connection, os.urandom)
    assert set(reading.objects) <= {ObjectId.DISCOVERY}
    assert reading.proofs == {}
    missing = {finding.where for finding in reading.judged(Trust(), year(2025)).findings}
    assert {"CHUID", "SECURITY_OBJECT"} <= missing


def test_every_object_of_the_standard_is_read_and_shown(connection: LoopbackConnection) -> None:
    """A retired certificate only where the key history says that there are any (SP 800-73-5 part 1 §3.3.3)."""
    standard = [*CONTAINER_IDS, ObjectId.SECURITY_OBJECT]
    contents = {object_id: tlv.encode(0xC1, bytes((number,))) for number, object_id in enumerate(standard)}
    del contents[ObjectId.DISCOVERY], contents[ObjectId.KEY_HISTORY]  # the first is served by the card itself
    write(connection, contents)
    without = {*standard} - {ObjectId.KEY_HISTORY, *RETIRED_CERTIFICATES}
    assert read_card(connection, os.urandom, pin=FACTORY_PIN).objects.keys() == without
    write(connection, {ObjectId.KEY_HISTORY: bytes.fromhex("C10114 C20103 F30161 FE00")})
    read = read_card(connection, os.urandom, pin=FACTORY_PIN).objects
    assert read.keys() == set(standard)
    assert {object_id: read[object_id] for object_id in contents} == contents
    assert dict(show(ObjectId.KEY_HISTORY, read[ObjectId.KEY_HISTORY])) == {
        "retired keys": "20 with certificate on the card, 3 without",
        "certificates at": "a",
    }


@pytest.mark.parametrize(
    ("photograph", "shown"),
    [
        (Photograph(PHOTOGRAPH, 350, 450), f"JPEG, 350 by 450, {len(PHOTOGRAPH)} bytes"),
        (Photograph(b"\xff\x4f\xff\x51", 3, 4, ImageKind.JPEG_2000), "JPEG 2000, 3 by 4, 4 bytes"),
        (Photograph(b"no picture", 3, 4), "unreadable: a face that is no JPEG or JPEG 2000"),
    ],
)
def test_a_photograph_is_shown_by_its_kind_and_size_alone(photograph: Photograph, shown: str) -> None:
    lines = dict(show(ObjectId.FACIAL_IMAGE, FaceIssuer().face(UUID(int=1, version=4), photograph)))
    assert lines["photograph"] == shown
    assert {"type", "valid", "FASC-N", "signature"} < lines.keys()


def write(connection: LoopbackConnection, contents: dict[ObjectId, bytes]) -> None:
    admin = PivAdmin(PivSession.open(connection))
    admin.authenticate(YUBICO_5_3.management_key)
    for object_id, content in contents.items():
        admin.put_object(object_id, content)
    connection.reset()


class Refusing(Through):
    """A card that has its own word for one object."""

    def transmit(self, command: bytes) -> bytes:
        return bytes.fromhex("6A80") if bytes.fromhex("5C035FC121") in command else super().transmit(command)


def test_a_card_that_refuses_an_object_in_its_own_words(connection: LoopbackConnection) -> None:
    write(connection, {ObjectId.CHUID: b"\x30\x00"})
    reading = read_card(Refusing(connection), os.urandom, pin=FACTORY_PIN)
    assert ObjectId.CHUID in reading.objects
    assert ObjectId.IRIS_IMAGES not in reading.objects


CONTENTS: Final = st.dictionaries(st.sampled_from(list(ObjectId)), st.binary(max_size=300))


@given(objects=CONTENTS)
def test_any_bytes_are_judged(objects: dict[ObjectId, bytes]) -> None:
    verdict = judge_objects(objects, Trust([ISSUER.certificate]), year(2025))
    assert verdict.faults
    for object_id, content in objects.items():
        assert all(name and value is not None for name, value in show(object_id, content))


@given(frame=st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_none(frame: bytes) -> None:
    for content in (frame, tlv.encode(0xBC, frame) + tlv.encode(0xFE, b""), tlv.encode(0xBC, b"\x03\x0d" + frame)):
        try:
            BiometricObject.from_bytes(content)
        except ProtocolError:
            continue
