"""How long APDUs are on the air: a model of ISO/IEC 14443-4 block framing, type A.

An APDU travels in I-blocks of one PCB, at most 253 bytes of it, and two bytes of CRC (frames of 256 bytes both ways,
no CID, no NAD). Every I-block but an APDU's last is acknowledged by an R-block of three bytes. On the air a byte is
eight bits and a parity bit, a frame begins and ends with three bit times more, and between two frames at least 1172
carrier periods pass (ISO/IEC 14443-3 §6.2.1.1). What the card takes to think, and the S(WTX) it asks for meanwhile,
is not in it: this is the least that the air costs, not what a tap takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

CARRIER: Final = 13_560_000
"""Hz."""
DIVISORS: Final[Mapping[int, int]] = {106: 128, 212: 64, 424: 32, 848: 16}
"""Carrier periods of one bit, by the kbit/s that everybody calls it."""

_FRAME: Final = 256
_PROLOGUE_AND_EPILOGUE: Final = 3
_INFORMATION: Final = _FRAME - _PROLOGUE_AND_EPILOGUE
_BITS_OF_A_BYTE: Final = 9
_BITS_AROUND_A_FRAME: Final = 3
_TURN: Final = 1172 / CARRIER


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of one command APDU and of its answer."""

    command: int
    answer: int


def milliseconds(exchanges: Iterable[Sizes], kbits: int) -> float:
    """On the air, at 106, 212, 424 or 848 kbit/s both ways."""
    bit = DIVISORS[kbits] / CARRIER
    return 1000 * sum(_transfer(sizes.command, bit) + _transfer(sizes.answer, bit) for sizes in exchanges)


def _transfer(size: int, bit: float) -> float:
    """One APDU in one direction, up to when the other side may speak."""
    full, rest = divmod(size, _INFORMATION)
    blocks = [_INFORMATION] * full + ([rest] if rest or not full else [])
    sent = sum(_frame(block, bit) for block in blocks)
    return sent + (len(blocks) - 1) * _frame(0, bit)


def _frame(information: int, bit: float) -> float:
    bits = (information + _PROLOGUE_AND_EPILOGUE) * _BITS_OF_A_BYTE + _BITS_AROUND_A_FRAME
    return bits * bit + _TURN
