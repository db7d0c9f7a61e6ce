from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers import tlv
from readers.errors import (
    CardError,
    CardNotAuthenticated,
    ContactlessForbidden,
    ObjectNotFound,
    ProtocolError,
    ReaderError,
    SecurityNotSatisfied,
)
from readers.piv.admin import PinPolicy, PivAdmin, TouchPolicy
from readers.piv.identifiers import Algorithm, KeyReference, ObjectId
from readers.piv.management_key import ManagementKey
from readers.piv.pin import Pin
from readers.piv.products import FACTORY_PIN, FACTORY_PUK, YUBICO_5_3
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.scripted import SELECT, SELECTED, HostileConnection, ScriptedConnection

KEY = ManagementKey(Algorithm.AES_128, bytes(range(16)))
CHALLENGE = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
# FIPS 197 appendix C.1: what KEY makes of CHALLENGE.
ENCRYPTED = bytes.fromhex("69C4E0D86A7B0430D8CDB78070B4C55A")
ASK = "0087089B 04 7C02 8000 00"
PROVE = f"0087089B 26 7C24 8010 {CHALLENGE.hex()} 8110 {CHALLENGE.hex()} 00"
WITNESS = f"7C12 8010 {ENCRYPTED.hex()} 9000"


@contextmanager
def scripted(*script: tuple[str, str], contactless: bool = False) -> Iterator[PivAdmin]:
    connection = ScriptedConnection((SELECT, SELECTED), *script, contactless=contactless)
    yield PivAdmin(PivSession.open(connection))
    connection.finished()


@contextmanager
def blank_card(tmp_path: Path) -> Iterator[tuple[PivSession, PivAdmin]]:
    slot = tmp_path / "slot"
    put_on(slot, tmp_path / "card.json")
    with LoopbackReader(slot).connect() as connection:
        session = PivSession.open(connection)
        yield session, PivAdmin(session)


def test_mutual_authentication_on_the_wire() -> None:
    with scripted((ASK, WITNESS), (PROVE, f"7C12 8210 {ENCRYPTED.hex()} 9000")) as admin:
        admin.authenticate(KEY, random=lambda size: CHALLENGE[:size])


def test_a_card_that_does_not_know_the_key() -> None:
    script = (ASK, WITNESS), (PROVE, f"7C12 8210 {bytes(16).hex()} 9000")
    with scripted(*script) as admin, pytest.raises(CardNotAuthenticated):
        admin.authenticate(KEY, random=lambda size: CHALLENGE[:size])


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (((ASK, "6A86"),), CardError),
        (((ASK, "9000"),), ProtocolError),
        (((ASK, f"7C0A 8008 {bytes(8).hex()} 9000"),), ProtocolError),  # a block of another algorithm
        (((ASK, WITNESS), (PROVE, "6982")), SecurityNotSatisfied),
        (((ASK, WITNESS), (PROVE, WITNESS)), ProtocolError),  # our own witness back
    ],
)
def test_authentication_that_fails(script: tuple[tuple[str, str], ...], error: type[ReaderError]) -> None:
    with scripted(*script) as admin, pytest.raises(error):
        admin.authenticate(KEY, random=lambda size: CHALLENGE[:size])


def test_generate_key_with_policies_on_the_wire() -> None:
    # Part 2 §3.3.2 and Yubico's AA (PIN policy) and AB (touch policy). The point is the generator (SEC 2 §2.4.2).
    x = "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
    y = "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
    with scripted(("0047009A 0B AC09 800111 AA0102 AB0103 00", f"7F4943 8641 04{x}{y} 9000")) as admin:
        public = admin.generate_key(
            KeyReference.PIV_AUTHENTICATION, Algorithm.ECC_P256, PinPolicy.ONCE, TouchPolicy.CACHED
        )
    assert f"{public.public_numbers().x:064X}" == x


@pytest.mark.parametrize("point", ["04" + "11" * 64, "00", "", "04" + "11" * 63])
def test_a_public_key_that_is_none(point: str) -> None:
    answer = tlv.encode(0x7F49, tlv.encode(0x86, bytes.fromhex(point))).hex()
    with scripted(("0047009E 05 AC03 800111 00", f"{answer} 9000")) as admin, pytest.raises(ProtocolError):
        admin.generate_key(KeyReference.CARD_AUTHENTICATION)


def test_rsa_keys_are_not_made() -> None:
    with scripted() as admin, pytest.raises(ValueError, match="RSA_2048"):
        admin.generate_key(KeyReference.PIV_AUTHENTICATION, Algorithm.RSA_2048)


def test_put_object_on_the_wire() -> None:
    with scripted(
        ("00DB3FFF 09 5C035FC102 5302AABB", "9000"),
        ("00DB3FFF 04 7E02AABB", "9000"),
        ("00DB3FFF 07 5C035FC109 5300", "9000"),
    ) as admin:
        admin.put_object(ObjectId.CHUID, b"\xaa\xbb")
        admin.put_object(ObjectId.DISCOVERY, b"\xaa\xbb")
        admin.put_object(ObjectId.PRINTED_INFORMATION, b"")


def test_vendor_commands_on_the_wire() -> None:
    # Yubico, "PIV extensions": SET MANAGEMENT KEY FF, SET PIN RETRIES FA.
    with scripted((f"00FFFFFF 13 08 9B 10 {KEY.value.hex()}", "9000"), ("00FA0508", "9000")) as admin:
        admin.set_management_key(KEY)
        admin.set_pin_retries(pin=5, puk=8)


@pytest.mark.parametrize("tries", [(0, 3), (3, 0), (16, 3), (3, 16)])
def test_tries_that_63cx_cannot_tell(tries: tuple[int, int]) -> None:
    with scripted() as admin, pytest.raises(ValueError, match="1 to 15"):
        admin.set_pin_retries(*tries)


@pytest.mark.parametrize(
    "call",
    [
        lambda admin: admin.authenticate(KEY),
        lambda admin: admin.generate_key(KeyReference.CARD_AUTHENTICATION),
        lambda admin: admin.put_object(ObjectId.CHUID, b""),
        lambda admin: admin.set_management_key(KEY),
        lambda admin: admin.set_pin_retries(3, 3),
    ],
)
def test_nothing_is_sent_over_contactless(call: Callable[[PivAdmin], None]) -> None:
    with scripted(contactless=True) as admin, pytest.raises(ContactlessForbidden):
        call(admin)


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_a_hostile_card_gets_typed_errors_only(answers: list[bytes]) -> None:
    calls: list[Callable[[PivAdmin], object]] = [
        lambda admin: admin.authenticate(KEY),
        lambda admin: admin.generate_key(KeyReference.CARD_AUTHENTICATION),
        lambda admin: admin.put_object(ObjectId.CHUID, bytes(600)),
    ]
    for call in calls:
        try:
            call(PivAdmin(PivSession.open(HostileConnection([bytes.fromhex(SELECTED), *answers]))))
        except ReaderError:
            continue


@pytest.mark.parametrize("algorithm", [Algorithm.AES_128, Algorithm.AES_192, Algorithm.AES_256, Algorithm.TDES])
def test_management_keys_of_every_algorithm_on_a_card(tmp_path: Path, algorithm: Algorithm) -> None:
    size = {Algorithm.AES_128: 16, Algorithm.AES_256: 32}.get(algorithm, 24)
    new = ManagementKey(algorithm, bytes(range(100, 100 + size)))
    with blank_card(tmp_path) as (_, admin):
        admin.authenticate(YUBICO_5_3.management_key)
        admin.set_management_key(new)
    with blank_card(tmp_path) as (_, admin):
        with pytest.raises(CardError):
            admin.authenticate(YUBICO_5_3.management_key)
        with pytest.raises(SecurityNotSatisfied):
            admin.put_object(ObjectId.CCC, b"x")
        admin.authenticate(new)
        admin.put_object(ObjectId.CCC, b"x")


def test_long_objects_go_in_a_chain_and_come_back_in_parts(tmp_path: Path) -> None:
    content = tlv.encode(0x70, bytes(range(256)) * 8)
    with blank_card(tmp_path) as (session, admin):
        admin.authenticate(YUBICO_5_3.management_key)
        admin.put_object(ObjectId.CERTIFICATE_PIV_AUTHENTICATION, content)
        assert session.read_object(ObjectId.CERTIFICATE_PIV_AUTHENTICATION) == content
        admin.put_object(ObjectId.CERTIFICATE_PIV_AUTHENTICATION, b"")
        with pytest.raises(ObjectNotFound):
            session.read_object(ObjectId.CERTIFICATE_PIV_AUTHENTICATION)


def test_setting_the_tries_resets_pin_and_puk(tmp_path: Path) -> None:
    with blank_card(tmp_path) as (session, admin):
        session.change_pin(FACTORY_PIN, Pin("135791"))
        session.change_puk(FACTORY_PUK, Pin("87654321"))
        admin.authenticate(YUBICO_5_3.management_key)
        session.verify_pin(Pin("135791"))
        admin.set_pin_retries(pin=5, puk=8)
        session.verify_pin(FACTORY_PIN)
        session.change_puk(FACTORY_PUK, Pin("87654321"))
    with blank_card(tmp_path) as (session, _):
        assert session.pin_tries_left() == 5
