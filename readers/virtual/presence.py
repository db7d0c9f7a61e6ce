"""Whether pcscd sees a card, asked of libpcsclite alone: this runs where pyscard need not be installed.

Source: https://pcsclite.apdu.fr/api/group__API.html (winscard.h and pcsclite.h of pcsc-lite).
"""

from __future__ import annotations

import ctypes
from typing import Final

_LIBRARY: Final = "libpcsclite.so.1"
_SCOPE_SYSTEM: Final = 2
_PRESENT: Final = 0x0020
_SUCCESS: Final = 0


class _ReaderState(ctypes.Structure):
    """SCARD_READERSTATE."""

    _fields_ = (
        ("reader", ctypes.c_char_p),
        ("user_data", ctypes.c_void_p),
        ("current_state", ctypes.c_ulong),
        ("event_state", ctypes.c_ulong),
        ("atr_length", ctypes.c_ulong),
        ("atr", ctypes.c_ubyte * 33),
    )


def is_installed() -> bool:
    """Whether there is a libpcsclite."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return False
    return True


def card_present(reader: str) -> bool:
    """Whether the reader of this full name holds a card that is powered up. False without pcscd or that reader."""
    library = ctypes.CDLL(_LIBRARY)
    context = ctypes.c_long()
    if library.SCardEstablishContext(ctypes.c_ulong(_SCOPE_SYSTEM), None, None, ctypes.byref(context)) != _SUCCESS:
        return False
    state = _ReaderState(reader=reader.encode())
    at_once, one = ctypes.c_ulong(0), ctypes.c_ulong(1)
    answered = library.SCardGetStatusChange(context, at_once, ctypes.byref(state), one) == _SUCCESS
    library.SCardReleaseContext(context)
    return answered and bool(state.event_state & _PRESENT)
