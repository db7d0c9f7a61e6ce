"""The card manager of a Java Card, as much of it as tells the chip's serial number (GlobalPlatform Card 2.3.1 §11.3).

Its production data (CPLC, tag 9F7F) are 42 bytes in fixed places: fabricator, type, system, dates, the chip's serial
number (bytes 12 to 15) and batch, and who packed and personalised it.
"""

from __future__ import annotations

from typing import Final

from readers import tlv
from readers.apdu import CommandApdu
from readers.status import KnownStatus
from readers.virtual.applet import Applet, require

CLASSES: Final = (0x00, 0x80)
_AID: Final = bytes.fromhex("A000000151000000")
PROPERTIES: Final = tlv.encode(0x6F, tlv.encode(0x84, _AID) + tlv.encode(0xA5, tlv.encode(0x9F65, b"\xff")))
_GET_DATA: Final = 0xCA
_CPLC: Final = 0x9F7F
_FABRICATION: Final = bytes.fromhex("4790 D321 4700 0000 0000 6212")
_SIZE: Final = 42


def is_named(aid: bytes) -> bool:
    """Whether SELECT means the card manager: by its name, or by none."""
    return not aid or (len(aid) >= 5 and _AID.startswith(aid))


def answer(applet: Applet, command: CommandApdu) -> bytes:
    """GET DATA of the production data, and nothing else."""
    require(command.ins == _GET_DATA, KnownStatus.INSTRUCTION_NOT_SUPPORTED)
    require((command.p1 << 8 | command.p2) == _CPLC, KnownStatus.REFERENCE_DATA_NOT_FOUND)
    known = _FABRICATION + applet.state.serial.to_bytes(4, "big")
    return tlv.encode(_CPLC, known.ljust(_SIZE, b"\0"))
