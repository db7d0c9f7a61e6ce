"""How long a card may take, and what to say when it takes longer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from readers.errors import CardStuck, Outcome
from readers.piv.identifiers import Instruction, VendorInstruction

_Result = TypeVar("_Result")

_BYTES_OF_HEADER = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which a card counts as mute. What most cards do in a tenth gets forty times that."""

    otherwise: float = 4.0
    by_instruction: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                Instruction.GENERATE_ASYMMETRIC_KEY_PAIR: 120.0,  # RSA on an old JavaCard
                VendorInstruction.IMPORT_ASYMMETRIC_KEY: 15.0,
                VendorInstruction.ATTEST: 15.0,
                VendorInstruction.RESET: 15.0,
            }
        )
    )

    pin_entry: float = 90.0
    """A person at the keypad of the reader; the reader's own limit is shorter."""

    def of(self, command: bytes) -> float:
        """The limit for a command APDU."""
        return (
            self.by_instruction.get(command[1], self.otherwise) if len(command) >= _BYTES_OF_HEADER else self.otherwise
        )

    def of_request(self, request: bytes) -> float:
        """The limit for what a reader itself is asked.

        What it can do its driver says at once; with something to carry out, it may wait for a person.
        """
        return self.pin_entry if request else self.otherwise


def in_words(command: bytes) -> str:
    """What is being done, without anything that could be secret."""
    if len(command) < _BYTES_OF_HEADER:
        return "a command"
    return f"command with instruction {command[1]:02X}"


def in_time(work: Callable[[], _Result], seconds: float | None, doing: str, outcome: Outcome) -> _Result:
    """Do it in a thread that is left behind when it hangs: PC/SC cannot be interrupted, not even by Ctrl-C.

    Raises CardStuck then, with ``doing`` and ``outcome``, and else what ``work`` raises. Without ``seconds`` it may
    take for ever, but Ctrl-C ends the waiting.
    """
    done: Future[_Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, name=doing, daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():
            raise
        raise CardStuck(doing, outcome) from None
