"""What goes wrong at each step: a function of the seed and the number of the step alone, so it can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from readers.virtual.faults import Fault


class Weather(StrEnum):
    """What goes wrong outside the card."""

    EXCLUSIVE = "held-by-another-process"
    RIVAL_RESET = "reset-by-another-process"
    RESTART = "pcscd-restarted"
    KILL = "pcscd-killed"


class Operation(StrEnum):
    """What is being done meanwhile."""

    TAP = "tap"
    READ = "read"
    PIN = "pin"
    WRITE = "write"


Trouble = Fault | Weather

_WEIGHTS: Final[dict[Trouble, float]] = {
    # Within an insertion: these cost milliseconds.
    Fault.HALF: 9,
    Fault.ONE_BYTE: 9,
    Fault.HUGE: 4,
    Fault.ENDLESS: 2,
    Fault.ENDLESS_EMPTY: 9,
    Fault.WRONG_LENGTH: 9,
    Fault.RESET: 9,
    Fault.GARBAGE: 10,
    Fault.DEEP_TLV: 9,
    Fault.LONG_TLV: 9,
    Fault.STATUS: 10,
    Fault.SLOW: 3,
    # The card leaves.
    Fault.GONE_BEFORE: 1.5,
    Fault.GONE_AFTER: 1.5,
    Fault.TORN: 1.5,
    Fault.SWAP: 1.5,
    # The card holds the reader until it is taken off.
    Fault.MUTE: 0.8,
    Fault.EMPTY: 0.6,
    Fault.OVERLONG: 0.4,
    Weather.EXCLUSIVE: 0.5,
    Weather.RIVAL_RESET: 0.6,
    Weather.RESTART: 0.2,
    Weather.KILL: 0.2,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One fault and what is being done when it happens."""

    number: int
    trouble: Trouble
    operation: Operation
    at: int
    """The command of the operation it hits, counted from zero; an operation may be over before."""
    seconds: float
    seed: int


def step(seed: int, number: int) -> Step:
    """The step of this number."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - it must be the same again
    (trouble,) = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    return Step(
        number,
        trouble,
        random.choice(list(Operation)),
        random.randrange(4),
        random.uniform(0.01, 0.2),
        random.randrange(2**32),
    )
