from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.apdu import CommandApdu, ResponseApdu
from readers.errors import ProtocolError

byte = st.integers(0, 255)
short_commands = st.builds(
    CommandApdu, byte, byte, byte, byte, st.binary(max_size=255), st.none() | st.integers(1, 256)
)
commands = st.builds(
    CommandApdu,
    byte,
    byte,
    byte,
    byte,
    st.binary(max_size=300) | st.integers(256, 65_535).map(bytes),
    st.none() | st.integers(1, 65_536),
)

CASES = [
    # ISO/IEC 7816-4 §5.1 table 1 and figure 3: cases 1, 2S, 3S, 4S
    (CommandApdu(0x00, 0x20, 0x00, 0x80), "00200080"),
    (CommandApdu(0x00, 0xC0, 0x00, 0x00, le=256), "00C0000000"),
    (CommandApdu(0x00, 0xC0, 0x00, 0x00, le=5), "00C0000005"),
    (CommandApdu(0x00, 0x20, 0x00, 0x80, b"123456\xff\xff"), "0020008008313233343536FFFF"),
    (CommandApdu(0x00, 0xCB, 0x3F, 0xFF, bytes.fromhex("5C035FC102"), 256), "00CB3FFF055C035FC10200"),
    # 2E, 3E, 4E
    (CommandApdu(0x00, 0xC0, 0x00, 0x00, le=65_536), "00C00000000000"),
    (CommandApdu(0x00, 0xC0, 0x00, 0x00, le=257), "00C00000000101"),
    (CommandApdu(0x00, 0xDB, 0x3F, 0xFF, bytes(256)), "00DB3FFF000100" + "00" * 256),
    (CommandApdu(0x00, 0xCB, 0x3F, 0xFF, b"\x5c", 65_536), "00CB3FFF0000015C0000"),
]


@pytest.mark.parametrize(("command", "encoded"), CASES)
def test_the_cases_of_the_standard(command: CommandApdu, encoded: str) -> None:
    assert bytes(command).hex().upper() == encoded
    assert CommandApdu.from_bytes(bytes.fromhex(encoded)) == command


@given(commands)
def test_round_trip(command: CommandApdu) -> None:
    assert CommandApdu.from_bytes(bytes(command)) == command


@given(short_commands)
def test_the_extended_form_says_the_same(command: CommandApdu) -> None:
    assert CommandApdu.from_bytes(command.to_extended()) == command


@given(st.binary(max_size=40))
def test_bytes_are_a_command_or_refused(raw: bytes) -> None:
    try:
        command = CommandApdu.from_bytes(raw)
    except ProtocolError:
        return
    assert raw in (command.to_extended(), command.to_short() if command.fits_short else None)


@pytest.mark.parametrize("raw", ["", "0020", "002000800831", "00200080083132333435363738AABB", "00C000000001"])
def test_lengths_that_contradict_the_bytes(raw: str) -> None:
    with pytest.raises(ProtocolError):
        CommandApdu.from_bytes(bytes.fromhex(raw))


@pytest.mark.parametrize(
    "arguments",
    [(256, 0, 0, 0), (0, -1, 0, 0), (0, 0, 0, 0, bytes(65_536)), (0, 0, 0, 0, b"", 0), (0, 0, 0, 0, b"", 65_537)],
)
def test_what_no_apdu_can_hold(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"byte|data|le"):
        CommandApdu(*arguments)


def test_what_does_not_fit_short() -> None:
    with pytest.raises(ValueError, match="chaining"):
        CommandApdu(0, 0, 0, 0, bytes(256)).to_short()


def test_neither_form_shows_its_data() -> None:
    secret = b"246802\xff\xff"
    assert "246802" not in repr(CommandApdu(0, 0x20, 0, 0x80, secret)) + str(CommandApdu(0, 0x20, 0, 0x80, secret))
    assert "246802" not in repr(ResponseApdu.from_bytes(secret + b"\x90\x00"))


@given(st.binary(min_size=2, max_size=300))
def test_answers_round_trip(raw: bytes) -> None:
    assert bytes(ResponseApdu.from_bytes(raw)) == raw


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_an_answer_without_status(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        ResponseApdu.from_bytes(raw)
