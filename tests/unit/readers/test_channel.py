from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.apdu import EXTENDED_DATA, CommandApdu, ResponseApdu
from readers.channel import MAX_ANSWER, MAX_ROUNDS, Exchange, open_channel, with_command_chaining, with_get_response
from readers.errors import ProtocolError
from readers.status import StatusWord
from tests.fixtures.scripted import ScriptedConnection

GET_CHUID = CommandApdu(0, 0xCB, 0x3F, 0xFF, bytes.fromhex("5C035FC102"), 256)
PUT_DATA = 0xDB


def answer(data: bytes, status: int = 0x9000) -> ResponseApdu:
    return ResponseApdu(data, StatusWord(status))


class ChunkyCard:
    """Takes chains, echoes their data, in parts of ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.received = b""
        self.rest = b""

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        if command.ins != 0xC0:
            self.received += command.data
            if command.cla & 0x10:
                assert (len(command.data), command.le) == (255, None)
                return answer(b"")
            self.rest = self.received
        part, self.rest = self.rest[: self.size], self.rest[self.size :]
        return answer(part, 0x6100 | min(len(self.rest), 255) if self.rest else 0x9000)


@given(st.binary(max_size=3000), st.integers(1, 256))
def test_what_goes_in_comes_out_whatever_the_parts(data: bytes, size: int) -> None:
    card = ChunkyCard(max(size, len(data) // 1000 + 1))
    exchange = with_command_chaining(with_get_response(card))
    assert exchange(CommandApdu(0, PUT_DATA, 0x3F, 0xFF, data, 256)) == answer(data)
    assert card.received == data


def test_an_answer_in_parts() -> None:
    connection = ScriptedConnection(
        ("00CB3FFF055C035FC10200", "AABB 6102"), ("00C0000002", "CCDD 6101"), ("00C0000001", "EE 9000")
    )
    assert open_channel(connection)(GET_CHUID) == answer(bytes.fromhex("AABBCCDDEE"))
    connection.finished()


def test_6100_means_256_or_more() -> None:
    connection = ScriptedConnection(("00CB3FFF055C035FC10200", "6100"), ("00C0000000", "AA 9000"))
    assert open_channel(connection)(GET_CHUID) == answer(b"\xaa")


def test_a_chain_has_links_of_255_bytes_and_asks_at_its_end() -> None:
    connection = ScriptedConnection(
        ("10DB3FFFFF" + "11" * 255, "9000"), ("10DB3FFFFF" + "11" * 255, "9000"), ("00DB3FFF01" + "11" + "00", "9000")
    )
    assert open_channel(connection)(CommandApdu(0, PUT_DATA, 0x3F, 0xFF, b"\x11" * 511, 256)).status.ok
    connection.finished()


def test_255_bytes_need_no_chain() -> None:
    connection = ScriptedConnection(("00DB3FFFFF" + "11" * 255, "9000"))
    assert open_channel(connection)(CommandApdu(0, PUT_DATA, 0x3F, 0xFF, b"\x11" * 255)).status.ok


def test_a_refused_link_ends_the_chain() -> None:
    connection = ScriptedConnection(("10DB3FFFFF" + "11" * 255, "6A84"))
    assert open_channel(connection)(CommandApdu(0, PUT_DATA, 0x3F, 0xFF, b"\x11" * 511)).status == 0x6A84
    connection.finished()


def test_6cxx_repeats_the_command_with_the_wanted_length_once() -> None:
    connection = ScriptedConnection(("00CB3FFF055C035FC10200", "6C05"), ("00CB3FFF055C035FC10205", "0102030405 9000"))
    assert open_channel(connection)(GET_CHUID).data == bytes(range(1, 6))
    connection = ScriptedConnection(("00CB3FFF055C035FC10200", "6C05"), ("00CB3FFF055C035FC10205", "6C05"))
    assert open_channel(connection)(GET_CHUID).status == 0x6C05


def test_get_response_may_be_told_a_length_too() -> None:
    connection = ScriptedConnection(
        ("00CB3FFF055C035FC10200", "6100"), ("00C0000000", "6C02"), ("00C0000002", "AABB 9000")
    )
    assert open_channel(connection)(GET_CHUID).data == bytes.fromhex("AABB")


def test_an_error_in_the_middle_is_the_answer() -> None:
    connection = ScriptedConnection(("00CB3FFF055C035FC10200", "AA 6101"), ("00C0000001", "6F00"))
    assert open_channel(connection)(GET_CHUID).status == 0x6F00


def endless(part: bytes) -> tuple[Exchange, Callable[[], int]]:
    count = 0

    def exchange(command: CommandApdu) -> ResponseApdu:
        nonlocal count
        count += 1
        return answer(part, 0x6100)

    return exchange, lambda: count


@pytest.mark.parametrize(("part", "limit"), [(bytes(256), MAX_ANSWER // 256 + 1), (b"x", MAX_ROUNDS + 1), (b"", 2)])
def test_a_chain_that_never_ends_is_cut(part: bytes, limit: int) -> None:
    exchange, count = endless(part)
    with pytest.raises(ProtocolError):
        with_get_response(exchange)(GET_CHUID)
    assert count() <= limit


class TestExtendedApdus:
    """Only where the card is known to take them; short ones are right in any case."""

    LONG = CommandApdu(0, PUT_DATA, 0x3F, 0xFF, b"\x11" * 300)
    EXTENDED = "00DB3FFF 00012C" + "11" * 300
    SHORT = (("10DB3FFFFF" + "11" * 255, "9000"), ("00DB3FFF2D" + "11" * 45, "9000"))

    def test_a_long_command_goes_in_one(self) -> None:
        connection = ScriptedConnection((self.EXTENDED, "9000"))
        assert open_channel(connection, longest=EXTENDED_DATA)(self.LONG).status.ok
        connection.finished()

    def test_what_fits_goes_short(self) -> None:
        connection = ScriptedConnection(("00CB3FFF055C035FC10200", "AA 9000"))
        assert open_channel(connection, longest=EXTENDED_DATA)(GET_CHUID).data == b"\xaa"

    def test_what_is_longer_than_the_reader_takes_is_chained(self) -> None:
        connection = ScriptedConnection(*self.SHORT)
        assert open_channel(connection, longest=299)(self.LONG).status.ok
        connection.finished()

    def test_a_card_that_answers_61xx_all_the_same(self) -> None:
        connection = ScriptedConnection((self.EXTENDED, "AA 6101"), ("00C0000001", "BB 9000"))
        assert open_channel(connection, longest=EXTENDED_DATA)(self.LONG).data == b"\xaa\xbb"

    def test_a_card_that_refuses_them_is_not_asked_again(self) -> None:
        connection = ScriptedConnection((self.EXTENDED, "6700"), *self.SHORT, *self.SHORT)
        exchange = open_channel(connection, longest=EXTENDED_DATA)
        assert exchange(self.LONG).status.ok
        assert exchange(self.LONG).status.ok
        connection.finished()

    def test_without_leave_they_are_not_sent(self) -> None:
        connection = ScriptedConnection(*self.SHORT)
        assert open_channel(connection)(self.LONG).status.ok
        connection.finished()


class TestAnAppletSpoiledByAChain:
    LONG = CommandApdu(0, PUT_DATA, 0x3F, 0xFF, b"\x11" * 300)
    FIRST = "10DB3FFFFF" + "11" * 255
    LAST = "00DB3FFF2D" + "11" * 45
    SETTLING = "00DB3FFF025C00"

    @pytest.mark.parametrize("chain", [[(FIRST, "6F00")], [(FIRST, "9000"), (LAST, "6F61")]])
    def test_the_next_command_is_one_that_does_not_matter(self, chain: list[tuple[str, str]]) -> None:
        connection = ScriptedConnection(
            *chain, (self.SETTLING, "6F00"), ("00CB3FFF055C035FC10200", "AA 9000"), ("0020008000", "63C3")
        )
        exchange = open_channel(connection)
        assert exchange(self.LONG).status >> 8 == 0x6F
        assert exchange(GET_CHUID).data == b"\xaa"
        assert exchange(CommandApdu(0, 0x20, 0, 0x80, le=256)).status == 0x63C3, "and only the next"
        connection.finished()

    def test_an_honest_refusal_spoils_nothing(self) -> None:
        connection = ScriptedConnection((self.FIRST, "6982"), ("00CB3FFF055C035FC10200", "AA 9000"))
        exchange = open_channel(connection)
        assert exchange(self.LONG).status == 0x6982
        assert exchange(GET_CHUID).status.ok
        connection.finished()

    def test_6f00_to_a_single_command_spoils_nothing(self) -> None:
        connection = ScriptedConnection(("00CB3FFF055C035FC10200", "6F00"), ("00CB3FFF055C035FC10200", "AA 9000"))
        exchange = open_channel(connection)
        assert exchange(GET_CHUID).status == 0x6F00
        assert exchange(GET_CHUID).status.ok
        connection.finished()


def test_a_reader_that_fetches_everything_by_itself() -> None:
    """Some answer a short command with all of it: more than 256 bytes, and neither 61xx nor 6Cxx is ever seen."""
    connection = ScriptedConnection(("00CB3FFF055C035FC10200", "AA" * 900 + "9000"))
    assert open_channel(connection)(GET_CHUID).data == b"\xaa" * 900
