"""Data objects: who may read and write what (SP 800-73-5 part 1 table 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from readers.virtual.profiles import STRICT
from tests.fixtures.apdus import Host, host

CCC, CHUID, FINGERPRINTS, SECURITY, FACE, PRINTED = 0x5FC107, 0x5FC102, 0x5FC103, 0x5FC106, 0x5FC108, 0x5FC109
CERTIFICATES = {0x9A: 0x5FC105, 0x9C: 0x5FC10A, 0x9D: 0x5FC10B, 0x9E: 0x5FC101}
IRIS, HISTORY, RETIRED_1, RETIRED_20 = 0x5FC121, 0x5FC10C, 0x5FC10D, 0x5FC120

EVERYWHERE = {CHUID, CERTIFICATES[0x9E]}
WITH_PIN = {FINGERPRINTS, FACE, PRINTED, IRIS}
ON_CONTACT = {CCC, SECURITY, HISTORY, RETIRED_1, RETIRED_20, *(CERTIFICATES[key] for key in (0x9A, 0x9C, 0x9D))}
ALL = EVERYWHERE | WITH_PIN | ON_CONTACT

# SP 800-73-5 part 1 §3.3.2: AID, and PIN usage policy 4000.
DISCOVERY = bytes.fromhex("7E124F0BA0000003080000100001005F2F024000")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


@pytest.fixture
def full(path: Path) -> Path:
    """A card that has every object; its content is its tag."""
    card = host(path)
    card.authenticate()
    for tag in ALL:
        assert card.put(tag, tag.to_bytes(3, "big")) == 0x9000
    card.card.close()
    return path


def readable(card: Host) -> set[int]:
    found = set()
    for tag in ALL:
        answer = card.get(tag)
        assert answer.status in (0x9000, 0x6982)
        if answer.status == 0x9000:
            assert answer.data == b"\x53\x03" + tag.to_bytes(3, "big")
            found.add(tag)
    return found


def test_contact(full: Path) -> None:
    card = host(full)
    assert readable(card) == EVERYWHERE | ON_CONTACT
    card.verify()
    assert readable(card) == ALL
    card.verify(b"000000")
    assert readable(card) == EVERYWHERE | ON_CONTACT


def test_contactless(full: Path) -> None:
    assert readable(host(full, contactless=True)) == EVERYWHERE


@pytest.mark.parametrize("interface", ["contact", "contactless"])
def test_a_blank_card_has_nothing_but_discovery(path: Path, interface: str) -> None:
    card = host(path, contactless=interface == "contactless")
    assert card.get(CHUID).status == 0x6A82
    discovery = card.send("00CB3FFF035C017E00")
    assert (discovery.data, discovery.status) == (DISCOVERY, 0x9000)


def test_who_may_not_read_does_not_learn_what_is_missing(path: Path) -> None:
    card = host(path)
    assert card.get(PRINTED).status == 0x6982
    card.verify()
    assert card.get(PRINTED).status == 0x6A82


def test_writing_wants_the_management_key(path: Path) -> None:
    card = host(path)
    assert card.put(CHUID, b"x") == 0x6982
    card.verify()
    assert card.put(CHUID, b"x") == 0x6982
    card.authenticate()
    assert card.put(CHUID, b"x") == 0x9000


def test_what_is_written_survives(path: Path) -> None:
    card = host(path)
    card.authenticate()
    card.put(CHUID, b"one")
    card.put(CHUID, b"two")
    card.card.close()
    again = host(path)
    assert again.get(CHUID).data == b"\x53\x03two"
    again.authenticate()
    assert again.put(CHUID, b"") == 0x9000
    assert again.get(CHUID).status == 0x6A82, "an empty one is none"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("5C035FC1025301", 0x6A80),  # cut off
        ("5C025FC1530101", 0x6A80),
        ("530101", 0x6A80),
        ("5C035FC102", 0x6A80),
        ("5C035FC102530101530101", 0x6A80),
        ("5C035FC1F0530101", 0x6A82),  # no such object
        ("5C033FF6F0530101", 0x6A82),
    ],
)
def test_malformed_writing_is_refused(path: Path, data: str, status: int) -> None:
    card = host(path)
    card.authenticate()
    assert card.status("00DB3FFF", bytes.fromhex(data)) == status


@pytest.mark.parametrize("data", ["", "5C00", "5C045FC10200", "5C035FC1", "53035FC102", "5C035FC1025C035FC102"])
def test_malformed_reading_is_refused(path: Path, data: str) -> None:
    assert host(path).status("00CB3FFF", bytes.fromhex(data)) in (0x6A80, 0x6700)


def test_vendor_objects_are_the_extended_product_s(tmp_path: Path) -> None:
    extended, strict = host(tmp_path / "extended"), host(tmp_path / "strict", profile=STRICT)
    for card, status in ((extended, 0x9000), (strict, 0x6A82)):
        card.authenticate()
        assert card.put(0x5FFF00, b"x") == status


def test_discovery_can_be_written_where_the_product_lets_one(tmp_path: Path) -> None:
    extended, strict = host(tmp_path / "extended"), host(tmp_path / "strict", profile=STRICT)
    written = DISCOVERY[:-2] + b"\x60\x10"
    for card in (extended, strict):
        card.authenticate()
    assert extended.status("00DB3FFF", written) == 0x6A81
    assert strict.status("00DB3FFF", written) == 0x9000
    assert strict.send("00CB3FFF035C017E00").data == written
