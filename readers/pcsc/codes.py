"""What the return codes of PC/SC mean: one table, which needs no PC/SC to be installed."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from readers.errors import (
    CardBusy,
    CardMute,
    CardRemoved,
    CardReset,
    NoCard,
    PcscUnavailable,
    ProtocolError,
    ReaderError,
    ReaderFailed,
)


class PcscCode(IntEnum):
    """Return codes of PC/SC that mean something to us (PC/SC part 5 §3.1.3, pcsclite.h)."""

    SUCCESS = 0
    CANCELLED = 0x80100002
    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS_AVAILABLE = 0x8010002E
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069


_START: Final = "pcscd does not answer: install and start it (Debian: packages libpcsclite1 and pcscd)"

_ERROR_OF: Final[dict[int, Callable[[], ReaderError]]] = {
    PcscCode.SHARING_VIOLATION: lambda: CardBusy("another process holds the card"),
    PcscCode.NO_SMARTCARD: lambda: NoCard("there is no card in the reader"),
    PcscCode.PROTO_MISMATCH: lambda: ProtocolError("the card speaks neither T=0 nor T=1"),
    PcscCode.READER_UNAVAILABLE: lambda: CardRemoved("the reader is gone"),
    PcscCode.UNKNOWN_READER: lambda: CardRemoved("the reader is gone"),
    PcscCode.NO_SERVICE: lambda: PcscUnavailable(_START),
    PcscCode.SERVICE_STOPPED: lambda: PcscUnavailable(_START),
    # What a context and a handle are worth after pcscd was restarted.
    PcscCode.COMM_ERROR: lambda: PcscUnavailable("the line to pcscd broke: connect again"),
    PcscCode.INVALID_HANDLE: lambda: PcscUnavailable("pcscd was restarted: connect again"),
    PcscCode.UNSUPPORTED_CARD: lambda: CardMute(
        "the card's answer to reset makes no sense: it may be the wrong way round"
    ),
    PcscCode.UNRESPONSIVE_CARD: lambda: CardMute("the card does not answer: it may be the wrong way round"),
    PcscCode.UNPOWERED_CARD: lambda: CardMute("the card does not answer: it may be the wrong way round"),
    PcscCode.RESET_CARD: lambda: CardReset("another process reset the card"),
    PcscCode.REMOVED_CARD: lambda: CardRemoved("the card was removed"),
}
"""What a code means in the middle of things; connecting reads some of them otherwise."""


def normalise(raw: int) -> int:
    """The code as the standard prints it; some platforms give negative numbers."""
    return raw & 0xFFFFFFFF


def check(raw: int, doing: str) -> None:
    """Raise the error for a code that is not success: ReaderFailed where the table has none."""
    code = normalise(raw)
    if code != PcscCode.SUCCESS:
        raise _ERROR_OF[code]() if code in _ERROR_OF else ReaderFailed(code, doing)
