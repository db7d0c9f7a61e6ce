"""PC/SC part 10 (2.02.09), byte for byte. Expected bytes are put together by hand from the tables named beside them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from readers import reader_features
from readers.errors import CardError, ContactlessForbidden, PinBlocked, ReaderFailed, WrongPin
from readers.pinpad import NotEntered, PinNotEntered, PinPad, find_pin_pad
from tests.fixtures.scripted import ScriptedReader

VERIFY_CODE, MODIFY_CODE = 0x4233_0006, 0x4233_0007  # what libccid gives them
FEATURES = bytes.fromhex(
    "0604 42330006 0704 42330007 1204 42330012"
)  # §2.2: tag, length 4, code, most significant first
VERIFY = bytes.fromhex(  # §2.5.2, little-endian, no alignment
    "1e"  # bTimerOut: 30 s
    "1e"  # bTimerOut2: 30 s after the first key
    "82"  # bmFormatString: 1 0000 0 10 = bytes, position 0, left, ASCII
    "08"  # bmPINBlockString: no length in the APDU, block of 8 bytes
    "00"  # bmPINLengthFormat: no length
    "0806"  # wPINMaxExtraDigit 0x0608: 6 to 8 digits
    "02"  # bEntryValidationCondition: validation key
    "01"  # bNumberMessage
    "0904"  # wLangId 0x0409
    "00"  # bMsgIndex
    "000000"  # bTeoPrologue
    "0d000000"  # ulDataLength: 13
    "00200080 08 ffffffffffffffff"  # VERIFY, SP 800-73-5 part 2 §3.2.1, padding of §2.4.3
)
MODIFY = bytes.fromhex(  # §2.5.3
    "1e 1e 82 08 00"
    "00"  # bInsertionOffsetOld
    "08"  # bInsertionOffsetNew
    "0806"
    "03"  # bConfirmPIN: old asked for, new twice
    "02"
    "03"  # bNumberMessage: old, new, again
    "0904"
    "00 01 02"  # bMsgIndex1 to 3
    "000000"
    "15000000"  # ulDataLength: 21
    "00240080 10 ffffffffffffffff ffffffffffffffff"  # CHANGE REFERENCE DATA, part 2 §3.2.2
)


ASKED = (0x4200_0D48, b"", FEATURES)


def pad(*script: tuple[int, bytes, bytes], contactless: bool = False) -> PinPad:
    found = find_pin_pad(ScriptedReader(ASKED, *script, contactless=contactless))
    assert found is not None
    return found


def test_verify() -> None:
    pad((VERIFY_CODE, VERIFY, b"\x90\x00")).verify_pin()


def test_change() -> None:
    keypad = pad((MODIFY_CODE, MODIFY, b"\x90\x00"))
    assert keypad.changes
    keypad.change_pin()


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("6400", NotEntered.TIMED_OUT),
        ("6401", NotEntered.CANCELLED),
        ("6402", NotEntered.NEW_PINS_DIFFER),
        ("6403", NotEntered.WRONG_LENGTH),
    ],
)
def test_what_the_reader_says_for_itself(status: str, why: NotEntered) -> None:
    with pytest.raises(PinNotEntered) as raised:
        pad((VERIFY_CODE, VERIFY, bytes.fromhex(status))).verify_pin()
    assert raised.value.why is why


@pytest.mark.parametrize(("status", "error"), [("63c2", WrongPin), ("6983", PinBlocked), ("6b80", CardError)])
def test_what_the_card_says(status: str, error: type[CardError]) -> None:
    with pytest.raises(error):
        pad((VERIFY_CODE, VERIFY, bytes.fromhex(status))).verify_pin()


def test_no_pin_over_a_contactless_reader() -> None:
    with pytest.raises(ContactlessForbidden):
        pad(contactless=True).verify_pin()


def test_readers_without_a_keypad() -> None:
    class Plain(ScriptedReader):
        def control(self, code: int, request: bytes) -> bytes:
            raise ReaderFailed(0x8010_0016, "ask the reader")

    assert find_pin_pad(Plain()) is None
    assert find_pin_pad(ScriptedReader((0x4200_0D48, b"", bytes.fromhex("1204 42330012")))) is None


C_PROGRAM = """
#include <PCSC/winscard.h>
#include <PCSC/reader.h>
#include <stddef.h>
#include <stdio.h>
#define V(f) (unsigned)offsetof(PIN_VERIFY_STRUCTURE, f)
#define M(f) (unsigned)offsetof(PIN_MODIFY_STRUCTURE, f)
int main(void) {
  printf("%x %u %u %u %u %u %u %u %u\\n", (unsigned)CM_IOCTL_GET_FEATURE_REQUEST, V(abData), V(wPINMaxExtraDigit),
    V(ulDataLength), M(abData), M(wPINMaxExtraDigit), M(bConfirmPIN), M(bMsgIndex1), M(ulDataLength));
}
"""


@pytest.mark.needs("compiler", "pcsc-headers", "libc-headers")
def test_the_offsets_are_those_of_the_header_of_pcsc_lite(tmp_path: Path) -> None:
    source, program = tmp_path / "offsets.c", tmp_path / "offsets"
    source.write_text(C_PROGRAM)
    subprocess.run(("cc", "-I/usr/include/PCSC", "-o", str(program), str(source)), check=True)
    code, *offsets = subprocess.check_output(str(program), text=True).split()
    assert int(code, 16) == reader_features.GET_FEATURE_REQUEST
    ends = (VERIFY.index(b"\x00\x20\x00\x80"), 5, VERIFY.index(b"\x0d\0\0\0"))
    changes = (MODIFY.index(b"\x00\x24\x00\x80"), 7, 9, 14, MODIFY.index(b"\x15\0\0\0"))
    assert [int(offset) for offset in offsets] == [*ends, *changes]
