from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.apdu import CommandApdu, ResponseApdu
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
