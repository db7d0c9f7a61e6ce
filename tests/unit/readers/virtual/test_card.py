"""What is common to all commands: SELECT, chaining both ways, GET RESPONSE, and what is not understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.apdu import CommandApdu
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import CONTACT_ATR, CONTACTLESS_ATR, STRICT, YUBICO_LIKE
from tests.fixtures.apdus import SELECT, Host, host

# What a YubiKey answers, and what SP 800-73-5 part 2 table 3 makes mandatory: PIX with version, coexistent tag
# allocation authority.
PROPERTIES = bytes.fromhex("61114F0600001000010079074F05A000000308")
CERTIFICATE_9A = 0x5FC105


@pytest.fixture
def card(tmp_path: Path) -> Host:
    return host(tmp_path / "card.json")


@pytest.mark.parametrize(
    "aid",
    ["A000000308000010000100", "A00000030800001000", "A000000308"],
    ids=["full", "without version", "RID only"],
)
def test_select_by_full_and_partial_name(card: Host, aid: str) -> None:
    answer = card.send("00A40400", bytes.fromhex(aid))
    assert (answer.data, answer.status) == (PROPERTIES, 0x9000)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4040007A0000001510000", 0x6A82),  # GlobalPlatform's security domain
        ("00A4040004A0000003", 0x6A82),  # less than a RID
        ("00A404000CA00000030800001000010000", 0x6A82),  # longer than the name
        ("00A40000023F00", 0x6A86),  # by file identifier
        ("00A4040209A00000030800001000", 0x6A86),  # next occurrence
    ],
)
def test_select_refuses(card: Host, command: str, status: int) -> None:
    assert card.status(command) == status
    assert card.status("00FD000000") == 0x9000, "what was selected stays so (SP 800-73-5 part 2 §3.1.1)"


def test_nothing_works_before_select(tmp_path: Path) -> None:
    fresh = Host(VirtualCard(tmp_path / "card.json"))
    assert fresh.status("0020008000") == 0x6D00
    fresh.select()
    assert fresh.status("0020008000") == 0x63C3
    fresh.card.reset()
    assert fresh.status("0020008000") == 0x6D00


def test_selecting_again_forgets_the_pin_or_keeps_it_as_the_standard_says(tmp_path: Path) -> None:
    for profile, status in ((YUBICO_LIKE, 0x63C3), (STRICT, 0x9000)):
        selected = host(tmp_path / profile.name, profile=profile)
        assert selected.verify() == 0x9000
        selected.select()
        assert selected.status("00200080") == status


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00", 0x6700),
        ("00CB3FFF", 0x6A80),
        ("00CB3FFF055C03", 0x6700),  # Lc says five bytes, two follow
        ("80CB3FFF055C035FC10200", 0x6E00),  # class not of ISO 7816
        ("04CB3FFF055C035FC10200", 0x6E00),  # secure messaging
        ("00CB3F00055C035FC10200", 0x6A86),
        ("0001000000", 0x6D00),
        ("00C0000000", 0x6985),  # GET RESPONSE when nothing waits
    ],
)
def test_what_is_not_understood_is_refused(card: Host, command: str, status: int) -> None:
    assert card.status(command) == status


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualCard]:
    with VirtualCard(tmp_path_factory.mktemp("fuzzed") / "card.json") as card:
        yield card


instructions = st.sampled_from([0x20, 0x24, 0x2C, 0x47, 0x87, 0xA4, 0xC0, 0xCB, 0xDB, *range(0xF7, 0x100)])
nearly_commands = st.tuples(
    st.sampled_from([0x00, 0x10]), instructions, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=80)
).map(lambda parts: bytes((*parts[:4], len(parts[4]))) + parts[4])


@given(raw=st.binary(max_size=300) | nearly_commands)
def test_no_bytes_make_it_fail(fuzzed: VirtualCard, raw: bytes) -> None:
    fuzzed.transmit(bytes.fromhex(SELECT))
    answer = fuzzed.transmit(raw)
    assert len(answer) >= 2
    assert answer[-2:-1] in b"\x90\x61\x63\x67\x68\x69\x6a\x6d\x6e"


def store(card: Host, size: int) -> bytes:
    """Write an object of ``size`` bytes with an extended APDU; return what GET DATA has to answer."""
    assert card.authenticate() == 0x9000
    content = bytes(index % 251 for index in range(size))
    length = b"\x82" + size.to_bytes(2, "big") if size > 0x7F else bytes((size,))
    container = b"\x53" + length + content
    command = CommandApdu(0, 0xDB, 0x3F, 0xFF, b"\x5c\x03\x5f\xc1\x05" + container)
    assert card.card.transmit(command.to_extended()) == b"\x90\x00"
    return container


def test_long_answers_come_in_parts(card: Host) -> None:
    expected = store(card, 600)
    answer = card.send("00CB3FFF055C035FC10500")
    assert (len(answer.data), answer.status) == (256, 0x6100)
    second = card.send("00C0000000")
    assert (len(second.data), second.status) == (256, 0x6100 | (604 - 512))
    third = card.send("00C000005C")
    assert third.status == 0x9000
    assert answer.data + second.data + third.data == expected


def test_an_answer_in_parts_is_dropped_by_another_command(card: Host) -> None:
    store(card, 600)
    assert card.status("00CB3FFF055C035FC10500") == 0x6100
    assert card.status("0020008000") == 0x63C3
    assert card.status("00C0000000") == 0x6985


def test_extended_length_gives_all_at_once(card: Host) -> None:
    expected = store(card, 600)
    answer = card.send("00CB3FFF0000055C035FC1050000")
    assert (answer.data, answer.status) == (expected, 0x9000)


def test_a_short_le_limits_the_answer(card: Host) -> None:
    expected = store(card, 100)
    answer = card.send("00CB3FFF055C035FC1050A")
    assert (answer.data, answer.status) == (expected[:10], 0x6100 | (len(expected) - 10))


def chained(card: Host, data: bytes, size: int) -> list[int]:
    """PUT DATA in links of ``size`` bytes; the status of each."""
    links = [data[start : start + size] for start in range(0, len(data), size)]
    return [
        card.status(f"{0x10 if number < len(links) else 0:02X}DB3FFF{len(link):02X}{link.hex()}")
        for number, link in enumerate(links, 1)
    ]


@pytest.mark.parametrize("size", [1, 7, 255])
def test_commands_may_be_chained(card: Host, size: int) -> None:
    assert card.authenticate() == 0x9000
    content = bytes(range(256)) * 2
    container = b"\x53\x82\x02\x00" + content
    assert set(chained(card, b"\x5c\x03\x5f\xc1\x05" + container, size)) == {0x9000}
    assert card.send("00CB3FFF0000055C035FC1050000").data == container


def test_a_chain_must_stay_with_its_command(card: Host) -> None:
    assert card.status("10DB3FFF055C035FC105") == 0x9000
    assert card.status("00CB3FFF055C035FC10200") == 0x6883
    assert card.status("00CB3FFF055C035FC10200") == 0x6A82, "the broken chain is forgotten"


def test_a_command_has_an_end(card: Host) -> None:
    assert card.authenticate() == 0x9000
    statuses = chained(card, bytes(4096), 255)
    assert statuses[:12] == [0x9000] * 12
    assert statuses[12] == 0x6A84, "3072 bytes are the most"


@pytest.mark.parametrize("atr", [CONTACT_ATR, CONTACTLESS_ATR])
def test_the_atr_adds_up(atr: bytes) -> None:
    """ISO/IEC 7816-3 §8.2.5: the exclusive-or from T0 to TCK is zero. T0 tells the number of historical bytes."""
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert check == 0
    historical = atr[-1 - (atr[1] & 0x0F) : -1]
    assert historical == bytes.fromhex("8073C021C054") + b"CITY"


def test_the_atr_tells_the_interface(tmp_path: Path) -> None:
    assert VirtualCard(tmp_path / "a.json").atr == CONTACT_ATR
    assert VirtualCard(tmp_path / "b.json", contactless=True).atr == CONTACTLESS_ATR
    assert CONTACTLESS_ATR[2:4] == b"\x80\x01", "PC/SC part 3: T=0 and T=1 as a contactless reader makes them up"
