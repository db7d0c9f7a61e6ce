"""T=0: what becomes of a command APDU on the oldest card protocol (ISO/IEC 7816-3 §12.2).

There, a command carries either data or an expected length, never both. A card with an answer to a command with data
says 61xx, and `readers.channel` fetches it, just as it repeats what was answered 6Cxx.
"""

from __future__ import annotations

_HEADER = 4


def to_tpdu(command: bytes) -> bytes:
    """A short command APDU as T=0 takes it; an extended one is passed on for the reader to make the best of.

    Case 1 (header alone) gets a P3 of zero, case 4 (data and Le) loses its Le.
    """
    if len(command) == _HEADER:
        return command + b"\0"
    lc = command[_HEADER] if len(command) > _HEADER else 0
    has_le = lc > 0 and len(command) == _HEADER + 1 + lc + 1
    return command[:-1] if has_le else command
