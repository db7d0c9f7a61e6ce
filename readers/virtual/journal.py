"""A meter for outside observers: what the card really saw, one JSON line for each APDU. Never its data."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer, by size."""

    cla: str
    ins: str
    p1: str
    p2: str
    bytes_in: int
    """Length of the command APDU."""
    bytes_out: int
    """Length of the answer, status word included."""
    status: str
    micros: int

    @classmethod
    def of(cls, command: bytes, answer: bytes, micros: int) -> Self:
        """Describe an exchange. A broken command of fewer than four bytes has zeros in its header."""
        cla, ins, p1, p2 = (f"{byte:02X}" for byte in command[:4].ljust(4, b"\0"))
        return cls(cla, ins, p1, p2, len(command), len(answer), answer[-2:].hex().upper(), micros)


class Journal:
    """Appends to a JSON Lines file; whole lines, so that it may be read at any time."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def record(self, exchange: Exchange) -> None:
        """Append one line."""
        os.write(self._file, json.dumps(asdict(exchange)).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_journal(path: Path) -> tuple[Exchange, ...]:
    """All exchanges so far, oldest first."""
    return tuple(Exchange(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
