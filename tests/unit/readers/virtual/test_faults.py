from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from readers.apdu import CommandApdu, ResponseApdu
from readers.channel import with_exact_length, with_get_response
from readers.errors import ProtocolError, ReaderError
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from readers.virtual.faults import LASTING, Armed, Fault, FaultyCard, LineFault
from tests.fixtures.apdus import SELECT
from tests.fixtures.scripted import HostileConnection

SELECT_PIV = bytes.fromhex(SELECT)
RIGHT = bytes.fromhex("61114f0600001000010079074f05a0000003089000")  # SP 800-73-5 part 2 table 3
LINE = {Fault.MUTE, Fault.SLOW, Fault.GONE_BEFORE, Fault.GONE_AFTER, Fault.TORN, Fault.SWAP, Fault.OVERLONG}


@pytest.fixture
def card(tmp_path: Path) -> Iterator[FaultyCard]:
    with VirtualCard(tmp_path / "card.json") as virtual:
        yield FaultyCard(virtual)


def test_without_orders_it_is_an_ordinary_card(card: FaultyCard) -> None:
    assert card.transmit(SELECT_PIV) == RIGHT
    assert card.happened == 0


@pytest.mark.parametrize("fault", sorted(set(Fault) - LINE - LASTING))
def test_a_fault_happens_once_and_when_it_is_to(card: FaultyCard, fault: Fault) -> None:
    card.arm(Armed(fault, at=1, seed=3))
    assert card.transmit(SELECT_PIV) == RIGHT
    wrong = card.transmit(bytes.fromhex("00200080"))
    assert wrong != b"\x63\xc3"
    assert card.happened == 1
    assert card.transmit(SELECT_PIV) == RIGHT


@pytest.mark.parametrize("fault", sorted(LINE))
def test_what_concerns_the_line_is_raised(card: FaultyCard, fault: Fault) -> None:
    card.arm(Armed(fault))
    with pytest.raises(LineFault) as raised:
        card.transmit(SELECT_PIV)
    assert raised.value.answer in (b"", RIGHT)
    assert card.transmit(SELECT_PIV) == RIGHT


@pytest.mark.parametrize("fault", sorted(LASTING))
def test_some_go_on_until_cleared(card: FaultyCard, fault: Fault) -> None:
    card.arm(Armed(fault))
    assert {card.transmit(SELECT_PIV) == RIGHT for _ in range(3)} == {False}
    card.clear()
    assert card.transmit(SELECT_PIV) == RIGHT


@pytest.mark.parametrize(
    ("fault", "size"), [(Fault.EMPTY, 0), (Fault.ONE_BYTE, 1), (Fault.HALF, 11), (Fault.HUGE, 65_538)]
)
def test_sizes(card: FaultyCard, fault: Fault, size: int) -> None:
    card.arm(Armed(fault))
    assert len(card.transmit(SELECT_PIV)) == size


def test_a_6cxx_that_is_never_content(card: FaultyCard) -> None:
    card.arm(Armed(Fault.WRONG_LENGTH))
    exchange = with_exact_length(lambda command: _response(card, command))
    assert exchange(CommandApdu(0, 0xA4, 4, 0, SELECT_PIV[5:-1], le=256)).status >> 8 == 0x6C


@pytest.mark.parametrize("fault", [Fault.ENDLESS, Fault.ENDLESS_EMPTY])
def test_an_endless_answer_is_cut_off(card: FaultyCard, fault: Fault) -> None:
    card.arm(Armed(fault))
    with pytest.raises(ProtocolError):
        with_get_response(lambda command: _response(card, command))(CommandApdu(0, 0xA4, 4, 0, le=256))


def test_an_answer_of_65538_bytes_is_a_typed_error(card: FaultyCard) -> None:
    card.arm(Armed(Fault.HUGE))
    with pytest.raises(ReaderError):
        PivSession.open(HostileConnection([card.transmit(SELECT_PIV)])).pin_tries_left()


def test_the_same_seed_is_the_same_fault(card: FaultyCard) -> None:
    answers = set()
    for _ in range(2):
        card.arm(Armed(Fault.GARBAGE, seed=7))
        answers.add(card.transmit(SELECT_PIV))
    assert len(answers) == 1


def _response(card: FaultyCard, command: CommandApdu) -> ResponseApdu:
    return ResponseApdu.from_bytes(card.transmit(bytes(command)))
