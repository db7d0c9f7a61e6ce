from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers import channel
from readers.apdu import CommandApdu
from readers.errors import CardRemoved
from readers.piv.identifiers import Instruction, KeyReference, VendorInstruction
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.trace import TRACE_VARIABLE, TracedConnection, is_harmless, traced
from tests.fixtures.scripted import SELECT, SELECTED, HostileConnection, ScriptedConnection

PRINTED = "00CB3FFF055C035FC10900"
CHUID = "00CB3FFF055C035FC10200"


def trace_of(*script: tuple[str, str | CardRemoved]) -> list[str]:
    """The lines of a script's commands, sent one after the other."""
    lines: list[str] = []
    connection = TracedConnection(ScriptedConnection(*script), lines.append, lambda: 0.0)
    for command, _ in script:
        try:
            connection.transmit(bytes.fromhex(command))
        except CardRemoved:
            continue
    return lines


def test_what_is_harmless_is_shown() -> None:
    assert trace_of((SELECT, "6100 9000"), (CHUID, "5300 9000"), ("00FD000000", "050403 9000")) == [
        "> 00 A4 04 00 SELECT data=9:A00000030800001000 le=256",
        "< 9000 data=2:6100 0.0 ms",
        "> 00 CB 3F FF GET DATA data=5:5C035FC102 le=256",
        "< 9000 data=2:5300 0.0 ms",
        "> 00 FD 00 00 GET VERSION data=0 le=256",
        "< 9000 data=3:050403 0.0 ms",
    ]


@pytest.mark.parametrize(
    "command",
    [
        "00200080 08 323436383032FFFF",
        "00240080 10 323436383032FFFF 323436383032FFFF",
        "002C0080 10 323436383032FFFF 323436383032FFFF",
        "0087039B 08 3234363830323233 00",
        "0087119E 08 3234363830323233 00",
        "00FFFFFF 08 3234363830323233",
        "00FE119A 08 3234363830323233",
        "00DB3FFF 08 3234363830323233",
        "00F99A00 08 3234363830323233",
        "10A40400 08 3234363830323233",  # a link of a chain
        "0CA40400 08 3234363830323233",  # secure messaging
        "00CB3FFF 08 3234363830323233",  # no tag list of ours
        "00AA0000 08 3234363830323233",  # whatever this is
        "00A40400 09 3234363830323233",  # a length that is not right
        "3234",
    ],
)
def test_everything_else_is_not(command: str) -> None:
    lines = "".join(trace_of((command, "3234363830323233 9000")))
    assert "3234" not in lines
    assert "9000" in lines


def test_the_last_link_of_a_chain_is_as_secret_as_the_first() -> None:
    lines = trace_of(("10A40400 01 AB", "9000"), ("00A40400 01 CD", "EF 9000"), ("00A40400 01 CD", "EF 9000"))
    assert lines[2] == "> 00 A4 04 00 SELECT data=1:* le=0"
    assert lines[3] == "< 9000 data=1:* 0.0 ms"
    assert lines[4].endswith("data=1:CD le=0")


def test_the_rest_of_an_answer_is_as_secret_as_its_beginning() -> None:
    rest = ("00C0000010", "AABB 9000")
    assert "AABB" in trace_of((CHUID, "53 6110"), rest)[-1]
    assert "AABB" not in trace_of((PRINTED, "53 6110"), rest)[-1]
    assert "AABB" not in trace_of((CHUID, "53 6110"), ("0020", "6700"), rest)[-1]


def test_what_goes_wrong() -> None:
    assert trace_of((SELECT, CardRemoved("gone")))[1] == "< CardRemoved after 0.0 ms"
    assert trace_of((SELECT, "90"))[1] == "< malformed, 1 bytes 0.0 ms"


@given(st.integers(0, 255), st.integers(0, 255), st.binary(min_size=4, max_size=60), st.binary(min_size=4, max_size=60))
def test_no_data_of_any_other_command(cla: int, ins: int, sent: bytes, received: bytes) -> None:
    command = CommandApdu(cla, ins, 0, 0, sent)
    if is_harmless(command) or ins == Instruction.GET_RESPONSE:
        return
    lines: list[str] = []
    TracedConnection(HostileConnection([received + b"\x90\0"]), lines.append, lambda: 0.0).transmit(bytes(command))
    assert lines[0].endswith(f" data={len(sent)}:* le=0")
    assert lines[1] == f"< 9000 data={len(received)}:* 0.0 ms"


def test_no_instruction_that_carries_a_secret_is_harmless() -> None:
    secret = {
        Instruction.VERIFY,
        Instruction.CHANGE_REFERENCE_DATA,
        Instruction.RESET_RETRY_COUNTER,
        Instruction.GENERAL_AUTHENTICATE,
        Instruction.PUT_DATA,
        VendorInstruction.SET_MANAGEMENT_KEY,
        VendorInstruction.IMPORT_ASYMMETRIC_KEY,
    }
    assert not any(is_harmless(CommandApdu(0, ins, 0, KeyReference.CARD_MANAGEMENT)) for ins in secret)


def test_a_session_is_traced_where_the_environment_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trace"
    for wanted in (str(file), "-"):
        monkeypatch.setenv(TRACE_VARIABLE, wanted)
        connection = ScriptedConnection((SELECT, SELECTED), ("00200080 08 323436383032FFFF", "9000"))
        PivSession.open(connection).verify_pin(Pin("246802"))
    written = file.read_text()
    assert [line[:2] for line in written.splitlines()] == ["> ", "< ", "> ", "< "]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "VERIFY data=8:* le=0" in capsys.readouterr().err
    assert "3234" not in written


def test_nothing_is_traced_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRACE_VARIABLE, raising=False)
    connection = HostileConnection([])
    assert traced(connection) is connection
    channel.open_channel(connection)


def test_the_rest_is_the_inner_connections() -> None:
    lines: list[str] = []
    inner = HostileConnection([], contactless=True)
    connection = TracedConnection(inner, lines.append)
    with connection.transaction():
        connection.reset()
    connection.close()
    assert (connection.atr, connection.contactless, lines) == (b"", True, ["reset", "close"])
