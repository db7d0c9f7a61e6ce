"""Yubico's extensions. Expected bytes: docs.yubico.com/yesdk/users-manual/application-piv/commands.html."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readers import tlv
from readers.virtual.profiles import STRICT
from tests.fixtures.apdus import FACTORY_KEY, Host, host

AES_KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


@pytest.fixture
def card(path: Path) -> Host:
    return host(path)


def test_the_strict_card_knows_none_of_them(path: Path) -> None:
    strict = host(path, profile=STRICT)
    strict.authenticate()
    assert {strict.status(f"00{instruction:02X}0000") for instruction in range(0xF0, 0x100)} == {0x6D00}


def test_version_and_serial(card: Host) -> None:
    assert card.send("00FD000000").data == bytes((5, 4, 3))
    serial = card.send("00F8000000").data
    assert len(serial) == 4
    assert card.send("00F8000000").data == serial


def test_the_metadata_of_pin_and_puk(card: Host) -> None:
    default = bytes.fromhex("0101FF 050101 06020303")
    assert card.send("00F7008000").data == default
    assert card.send("00F7008100").data == default
    card.verify(b"000000")
    card.status("002C0080", b"12345678", b"11223344")
    card.verify(b"000000")
    assert card.send("00F7008000").data == bytes.fromhex("0101FF 050100 06020302")


def test_the_metadata_of_the_management_key(card: Host) -> None:
    assert card.send("00F7009B00").data == bytes.fromhex("010103 02020001 050101")
    card.authenticate()
    assert card.status("00FFFFFF", b"\x0c\x9b\x20", AES_KEY) == 0x9000
    assert card.send("00F7009B00").data == bytes.fromhex("01010C 02020001 050100")


def test_the_metadata_of_a_key(card: Host) -> None:
    assert card.status("00F7009E00") == 0x6A88
    card.authenticate()
    public = card.generate(0x9E, extra=b"\xaa\x01\x02\xab\x01\x02")
    metadata = tlv.decode(card.send("00F7009E00").data)
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert metadata == {1: b"\x11", 2: b"\x02\x02", 3: b"\x01", 4: b"\x86\x41" + point}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x0c\x9b\x20" + bytes(16), 0x6A80),
        (b"\x0c\x9a\x20" + bytes(32), 0x6A80),
        (b"\x11\x9b\x20" + bytes(32), 0x6A80),
        (b"\x0c\x9b", 0x6A80),
        (b"\x0c\x9b\x10" + bytes(16), 0x6A80),
    ],
)
def test_management_keys_that_are_none(card: Host, data: bytes, status: int) -> None:
    card.authenticate()
    assert card.status("00FFFFFF", data) == status
    assert card.authenticate() == 0x9000


def test_the_management_key_wants_its_predecessor(card: Host) -> None:
    assert card.status("00FFFFFF", b"\x0c\x9b\x20", AES_KEY) == 0x6982
    card.authenticate()
    assert card.status("00FFFFFF", b"\x0c\x9b\x20", AES_KEY) == 0x9000
    assert card.authenticate(FACTORY_KEY) == 0x6A86
    assert card.authenticate(AES_KEY, 0x0C) == 0x9000


def test_retries_want_both_secrets_and_reset_pin_and_puk(card: Host) -> None:
    card.status("00240080", b"123456\xff\xff", b"11223344")
    card.status("0020FF80")
    assert card.status("00FA0504") == 0x6982
    card.authenticate()
    assert card.status("00FA0504") == 0x6982
    card.verify(b"11223344")
    assert card.status("00FA0010") == 0x6A86
    assert card.status("00FA0504") == 0x9000
    assert card.verify(b"11223344") == 0x63C4
    assert card.verify(b"123456") == 0x9000
    assert card.status("002C0080", b"87654321", b"11223344") == 0x63C3


def test_reset_wants_both_blocked(path: Path, card: Host) -> None:
    serial = card.send("00F8000000").data
    card.authenticate()
    card.put(0x5FC102, b"x")
    card.generate(0x9E)
    assert card.status("00FB0000") == 0x6985
    for _ in range(3):
        card.verify(b"000000")
    assert card.status("00FB0000") == 0x6985
    for _ in range(3):
        card.status("002C0080", b"00000000", b"11223344")
    assert card.status("00FB0000") == 0x9000
    assert card.put(0x5FC102, b"x") == 0x6982, "who was known is so no longer"
    assert card.get(0x5FC102).status == 0x6A82
    assert card.sign(0x9E, bytes(32)).status == 0x6A86
    assert card.verify() == 0x9000
    assert card.send("00F8000000").data == serial


def test_import_of_a_curve_key(card: Host) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    assert card.status("00FE119E", b"\x06\x20", scalar) == 0x6982
    card.authenticate()
    assert card.status("00FE119E", b"\x06\x20", scalar, b"\xaa\x01\x01") == 0x9000
    signature = card.sign(0x9E, bytes(32)).data[4:]
    key.public_key().verify(signature, bytes(32), ec.ECDSA(Prehashed(SHA256())))
    assert tlv.decode(card.send("00F7009E00").data)[3] == b"\x02", "imported"


def test_import_of_an_rsa_key(card: Host) -> None:
    card.authenticate()
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    parts = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    data = b"".join(tlv.encode(tag, part.to_bytes(128, "big")) for tag, part in enumerate(parts, 1))
    links = [data[start : start + 255] for start in range(0, len(data), 255)]
    for number, link in enumerate(links, 1):
        cla = "10" if number < len(links) else "00"
        assert card.status(f"{cla}FE079A{len(link):02X}{link.hex()}") == 0x9000
    head = card.send("00F7009A00")
    tail = card.send(f"00C00000{head.status & 0xFF:02X}")
    public = tlv.decode(tlv.decode(head.data + tail.data)[4])
    assert int.from_bytes(public[0x81], "big") == numbers.public_numbers.n


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        ("00FE119E", "0601", 0x6A80),
        ("00FE119E", "060100", 0x6A80),  # zero is no key
        ("00FE119E", "070101", 0x6A80),
        ("00FE079E", "010101020101030101040101050101", 0x6A80),
        ("00FE999E", "060101", 0x6A86),
        ("00FE119B", "060101", 0x6A86),
    ],
)
def test_imports_without_sense(card: Host, command: str, data: str, status: int) -> None:
    card.authenticate()
    assert card.status(command, bytes.fromhex(data)) == status
