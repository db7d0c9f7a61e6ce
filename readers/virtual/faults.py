"""A software card that misbehaves when told to, at any APDU: what years in the field do to a card, on demand.

`FaultyCard` wraps a `VirtualCard`. A fault is armed for the n-th command from now and happens once (a few go on until
`clear`). What can be done to the bytes of an answer is done in `transmit`; what concerns the line (no answer, the card
gone) is raised from it as a `LineFault`, and whoever serves the card acts on it: `fault_line` towards vpcd.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Final, Self

from readers.virtual.card import VirtualCard

LARGEST_ANSWER: Final = 65_538
"""The largest extended response APDU: 65,536 bytes and the status word (ISO/IEC 7816-4 §5.1)."""
_DONE: Final = b"\x90\x00"
_ENDLESS: Final = bytes(253) + b"\x61\xff"
_DEEP_TLV: Final = b"\x53\x82\xff\xff" + b"\x7f\x61\x80" * 4000 + _DONE
_LENGTHS_BEYOND: Final = (b"\x84\xff\xff\xff\xff", b"\x82\x10\x00", b"\x7f", b"\x88" + b"\xff" * 8, b"\x80")


class Fault(StrEnum):
    """What the card can be told to do instead of answering as it should."""

    MUTE = "mute"
    """No answer, until the card is taken off."""
    SLOW = "slow"
    """The right answer, ``seconds`` late."""
    GONE_BEFORE = "gone-before"
    """Taken off before the command was carried out."""
    GONE_AFTER = "gone-after"
    """Taken off when the command was carried out, before the answer."""
    TORN = "torn"
    """Taken off in the middle of the answer."""
    HALF = "half"
    """Half of the answer as if it were all."""
    EMPTY = "empty"
    """An answer of no bytes."""
    ONE_BYTE = "one-byte"
    HUGE = "huge"
    """An answer of 65,538 bytes, or as much of it as a message of the line can hold."""
    OVERLONG = "overlong"
    """An answer of 65,538 bytes of which the line announces 65,535: the rest is taken for the next answer."""
    ENDLESS = "endless-61xx"
    """61xx with data, again and again, until cleared."""
    ENDLESS_EMPTY = "endless-61xx-empty"
    """61xx without data, again and again, until cleared."""
    WRONG_LENGTH = "wrong-6cxx"
    """6Cxx with a length that is refused as well, until cleared."""
    RESET = "reset"
    """The card forgets everything before the command, as after a loss of power."""
    GARBAGE = "garbage"
    """Random bytes and 9000."""
    DEEP_TLV = "deep-tlv"
    """BER-TLV nested thousands of times, and 9000."""
    LONG_TLV = "long-tlv"
    """BER-TLV whose length points beyond the end, and 9000."""
    STATUS = "status"
    """A random status word and nothing else."""
    SWAP = "swap"
    """Another card in its place under the open connection."""


LASTING: Final = frozenset({Fault.ENDLESS, Fault.ENDLESS_EMPTY, Fault.WRONG_LENGTH})
"""They go on until cleared."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A fault that waits for its command."""

    fault: Fault
    at: int = 0
    """How many commands are answered as they should be before it."""
    seconds: float = 0.0
    seed: int = 0
    """What is random about it comes from here."""

    @classmethod
    def from_json(cls, request: dict[str, Any]) -> Self:
        """Raises ValueError, KeyError."""
        return cls(
            Fault(request["fault"]),
            int(request.get("at", 0)),
            float(request.get("seconds", 0)),
            int(request.get("seed", 0)),
        )


class LineFault(Exception):
    """Raised by `FaultyCard.transmit` when the line is what fails. Carries the answer there would have been, if any."""

    def __init__(self, armed: Armed, answer: bytes = b"") -> None:
        super().__init__(armed.fault)
        self.armed = armed
        self.answer = answer


class FaultyCard:
    """A card and the fault that waits in it. `arm` and `clear` may be called from any thread."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card
        self._lock = threading.Lock()
        self._armed: Armed | None = None
        self._commands = 0
        self.happened = 0
        """How many faults have happened."""

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def reset(self) -> None:
        """Power off and on. A fault that is armed stays so."""
        self._card.reset()

    def change(self, card: VirtualCard) -> None:
        """Be another card from now on."""
        self._card = card

    def arm(self, armed: Armed) -> None:
        """Let it happen, instead of any fault armed before."""
        with self._lock:
            self._armed, self._commands = armed, 0

    def clear(self) -> None:
        """Behave from now on."""
        with self._lock:
            self._armed = None

    def transmit(self, command: bytes) -> bytes:
        """Carry out a command, or misbehave. Raises LineFault."""
        armed = self._due()
        return (
            self._card.transmit(command) if armed is None else _ACTS[armed.fault](_Moment(self._card, command, armed))
        )

    def _due(self) -> Armed | None:
        with self._lock:
            armed, count = self._armed, self._commands
            self._commands += 1
            if armed is None or count < armed.at:
                return None
            if count == armed.at:
                self.happened += 1
            if armed.fault not in LASTING:
                self._armed = None
            return armed


@dataclass(frozen=True, slots=True)
class _Moment:
    """A command whose turn it is to go wrong."""

    card: VirtualCard
    command: bytes
    armed: Armed

    def answer(self) -> bytes:
        """What the card would say; it carries the command out."""
        return self.card.transmit(self.command)

    @property
    def random(self) -> Random:
        return Random(self.armed.seed)  # noqa: S311 - it must be the same again for the same seed


_Act = Callable[[_Moment], bytes]


def _line_before(moment: _Moment) -> bytes:
    raise LineFault(moment.armed)


def _line_after(moment: _Moment) -> bytes:
    raise LineFault(moment.armed, moment.answer())


def _half(moment: _Moment) -> bytes:
    answer = moment.answer()
    return answer[: (len(answer) + 1) // 2]


def _of_size(size: int) -> _Act:
    return lambda moment: moment.answer()[:0] + moment.random.randbytes(size)


def _huge(moment: _Moment) -> bytes:
    return moment.random.randbytes(LARGEST_ANSWER - len(_DONE)) + _DONE


def _wrong_length(moment: _Moment) -> bytes:
    return bytes((0x6C, (moment.command[-1] + 1 + moment.armed.seed) & 0xFF))


def _after_reset(moment: _Moment) -> bytes:
    moment.card.reset()
    return moment.answer()


def _garbage(moment: _Moment) -> bytes:
    random = moment.random
    return random.randbytes(random.randrange(254)) + _DONE


def _long_tlv(moment: _Moment) -> bytes:
    return b"\x53" + moment.random.choice(_LENGTHS_BEYOND) + bytes(8) + _DONE


def _status(moment: _Moment) -> bytes:
    return moment.random.randrange(0x6200, 0x7000).to_bytes(2, "big")


_ACTS: Final[dict[Fault, _Act]] = {
    Fault.MUTE: _line_before,
    Fault.SLOW: _line_after,
    Fault.GONE_BEFORE: _line_before,
    Fault.GONE_AFTER: _line_after,
    Fault.TORN: _line_after,
    Fault.SWAP: _line_before,
    Fault.OVERLONG: _line_before,
    Fault.HALF: _half,
    Fault.EMPTY: _of_size(0),
    Fault.ONE_BYTE: _of_size(1),
    Fault.HUGE: _huge,
    Fault.ENDLESS: lambda _: _ENDLESS,
    Fault.ENDLESS_EMPTY: lambda _: b"\x61\x10",
    Fault.WRONG_LENGTH: _wrong_length,
    Fault.RESET: _after_reset,
    Fault.GARBAGE: _garbage,
    Fault.DEEP_TLV: lambda _: _DEEP_TLV,
    Fault.LONG_TLV: _long_tlv,
    Fault.STATUS: _status,
}
