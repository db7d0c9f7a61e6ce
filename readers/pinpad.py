"""Readers with a keypad of their own: the PIN goes from the keys to the card and never through this computer.

PC/SC part 10 (version 2.02.09): §2.5.2 PIN_VERIFY, §2.5.3 PIN_MODIFY, §2.5.5 what the reader answers.
The PIN block is that of SP 800-73-5 part 2 §2.4.3: ASCII digits from the left, filled with FF to eight bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from readers.apdu import CommandApdu, ResponseApdu
from readers.errors import ContactlessForbidden, ReaderError
from readers.piv.identifiers import Instruction, PinReference
from readers.piv.refusals import expect_success
from readers.reader_features import ControlledConnection, Feature, features

_VERIFY: Final = struct.Struct("<5B H 2B H B 3x I")
_MODIFY: Final = struct.Struct("<7B H 3B H 3B 3x I")

_BLOCK: Final = 8
_FILL: Final = b"\xff" * _BLOCK
_LONGEST, _SHORTEST = 8, 6
_EXTRA_DIGIT: Final = _SHORTEST << 8 | _LONGEST
_ASCII_FROM_THE_LEFT_IN_BYTES: Final = 0x82
"""bmFormatString: system unit byte (bit 7), position 0 (bits 6-3), left justified (bit 2), ASCII (bits 1-0)."""
_NO_LENGTH_INSIDE: Final = 0x00
_KEY_PRESSED: Final = 0x02
"""bEntryValidationCondition: done when the validation key is pressed."""
_ASK_OLD_AND_TWICE_NEW: Final = 0x03
"""bConfirmPIN: the current PIN is asked for (bit 1), the new one twice (bit 0)."""
_ENGLISH: Final = 0x0409


class NotEntered(StrEnum):
    """Why no PIN reached the card."""

    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    NEW_PINS_DIFFER = "new-pins-differ"
    WRONG_LENGTH = "wrong-length"


class PinNotEntered(ReaderError):
    """Raised when nothing was sent to the card, since the person at the keypad did not finish. Carries why."""

    def __init__(self, why: NotEntered) -> None:
        super().__init__(f"no PIN was entered at the reader: {why}")
        self.why = why


_NOT_ENTERED: Final = {
    0x6400: NotEntered.TIMED_OUT,
    0x6401: NotEntered.CANCELLED,
    0x6402: NotEntered.NEW_PINS_DIFFER,
    0x6403: NotEntered.WRONG_LENGTH,
}


def pin_verify_structure(command: bytes, seconds: int, language: int = _ENGLISH) -> bytes:
    """PIN_VERIFY_STRUCTURE for a PIV command whose data is one PIN block (§2.5.2)."""
    head = (seconds, seconds, _ASCII_FROM_THE_LEFT_IN_BYTES, _BLOCK, _NO_LENGTH_INSIDE, _EXTRA_DIGIT)
    return _VERIFY.pack(*head, _KEY_PRESSED, 1, language, 0, len(command)) + command


def pin_modify_structure(command: bytes, seconds: int, language: int = _ENGLISH) -> bytes:
    """PIN_MODIFY_STRUCTURE for a PIV command whose data is the old PIN block and the new one (§2.5.3)."""
    head = (seconds, seconds, _ASCII_FROM_THE_LEFT_IN_BYTES, _BLOCK, _NO_LENGTH_INSIDE, 0, _BLOCK, _EXTRA_DIGIT)
    messages = (3, language, 0, 1, 2)
    return _MODIFY.pack(*head, _ASK_OLD_AND_TWICE_NEW, _KEY_PRESSED, *messages, len(command)) + command


@dataclass(frozen=True, slots=True)
class PinPad:
    """The keypad of the reader a PIV application is selected in."""

    connection: ControlledConnection
    codes: dict[int, int]
    seconds: int = 30
    """How long a person may think, before the first key and after it."""

    @property
    def verifies(self) -> bool:
        """Whether a PIN can be verified at the keypad."""
        return Feature.VERIFY_PIN_DIRECT in self.codes

    @property
    def changes(self) -> bool:
        """Whether a PIN can be changed at the keypad."""
        return Feature.MODIFY_PIN_DIRECT in self.codes

    def verify_pin(self) -> None:
        """VERIFY with the PIN from the keypad. Raises WrongPin, PinBlocked, PinNotEntered, ContactlessForbidden."""
        command = bytes(CommandApdu(0, Instruction.VERIFY, 0, PinReference.APPLICATION_PIN, _FILL))
        self._enter(Feature.VERIFY_PIN_DIRECT, pin_verify_structure(command, self.seconds), "verify PIN")

    def change_pin(self) -> None:
        """CHANGE REFERENCE DATA with both PINs from the keypad. Raises as `verify_pin`, about the old PIN."""
        change = CommandApdu(0, Instruction.CHANGE_REFERENCE_DATA, 0, PinReference.APPLICATION_PIN, _FILL * 2)
        self._enter(Feature.MODIFY_PIN_DIRECT, pin_modify_structure(bytes(change), self.seconds), "change PIN")

    def _enter(self, feature: Feature, structure: bytes, doing: str) -> None:
        if self.connection.contactless:
            raise ContactlessForbidden(doing)
        response = ResponseApdu.from_bytes(self.connection.control(self.codes[feature], structure))
        why = _NOT_ENTERED.get(response.status)
        if why is not None:
            raise PinNotEntered(why)
        expect_success(response, doing)


def find_pin_pad(connection: ControlledConnection) -> PinPad | None:
    """The keypad of the reader, where it has one that can verify a PIN."""
    pad = PinPad(connection, features(connection))
    return pad if pad.verifies else None
