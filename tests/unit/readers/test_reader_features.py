"""What readers say of themselves. Expected bytes: PC/SC part 10 (2.02.09) §2.2, and what libccid 1.5 answers."""

from __future__ import annotations

import pytest

from readers.errors import ProtocolError, ReaderFailed
from readers.reader_features import Feature, features, longest_data
from tests.fixtures.scripted import ScriptedConnection, ScriptedReader

ASK = 0x4200_0D48
TLV_CODE = 0x4233_0012
"""What libccid gives it."""
WITH_PROPERTIES = (ASK, b"", bytes.fromhex("1204 42330012"))
"""Tag, length, control code: most significant byte first."""


def properties(answer: str) -> ScriptedReader:
    return ScriptedReader(WITH_PROPERTIES, (TLV_CODE, b"", bytes.fromhex(answer)))


def test_a_list_of_features() -> None:
    found = features(ScriptedReader((ASK, b"", bytes.fromhex("0604 42330006 1204 42330012"))))
    assert found == {Feature.VERIFY_PIN_DIRECT: 0x4233_0006, Feature.GET_TLV_PROPERTIES: TLV_CODE}


@pytest.mark.parametrize("answer", ["0604", "0603 42330006", "0604 42330006 00"])
def test_a_list_of_features_that_makes_no_sense(answer: str) -> None:
    reader = ScriptedReader((ASK, b"", bytes.fromhex(answer)))
    with pytest.raises(ProtocolError):
        features(reader)
    assert longest_data(ScriptedReader((ASK, b"", bytes.fromhex(answer)))) == 255


@pytest.mark.parametrize(
    ("answer", "longest"),
    [
        ("0a04 00000100", 65_535),  # libccid: 0x10000, for a reader that exchanges TPDUs or extended APDUs
        ("0a04 00000000", 255),  # libccid: a reader that exchanges short APDUs
        ("0a04 00080000", 2_048),
        ("0a04 80000000", 255),  # reserved
        ("0102 1002 0a04 00080000 0b02 e604", 2_048),  # wLcdLayout before it, wIdVendor after it
        ("0b02 e604", 255),
        ("", 255),
        ("0a04 0008", 255),
        ("0a", 255),
    ],
)
def test_how_much_data_a_reader_takes(answer: str, longest: int) -> None:
    assert longest_data(properties(answer)) == longest


def test_readers_that_do_not_say() -> None:
    class Silent(ScriptedReader):
        def control(self, code: int, request: bytes) -> bytes:
            raise ReaderFailed(0x8010_0016, "ask the reader")

    assert longest_data(Silent()) == 255
    assert longest_data(ScriptedReader((ASK, b"", b""))) == 255
    assert longest_data(ScriptedConnection()) == 255, "a connection without a reader, such as one that is relayed"
