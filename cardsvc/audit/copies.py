r"""Copies of the log, which a witness keeps elsewhere.

A copy is a file of lines that only grows. A line is an entry, the very bytes that are hashed, or a checkpoint over all
entries before it, as a JSON string::

    {"actor":"ceremony","at":"2026-03-02T09:30:00.000000Z",…,"v":1}
    "cards.example.org/audit\n1\nYH…=\n\n— cards.example.org/audit x08g…=\n"

What stands after the last checkpoint is of a run that did not come to its end, and the next run writes it again. Each
run computes the root from the first line on: a log that is not the continuation of the copy is not copied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from cardsvc.audit.errors import CopyRefused
from cardsvc.audit.findings import Progress
from cardsvc.audit.scanning import batches
from cardsvc.wire.merkle import Frontier, leaf_hash
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey


class Source(Protocol):
    """Where a log is copied from."""

    def checkpoint(self) -> str:
        """The last checkpoint, a signed note."""

    def entries(self, start: int, end: int) -> list[bytes]:
        """The entries from ``start`` to before ``end``, at most a thousand."""


@dataclass
class Copy:
    """A copy that was read, and is good up to ``offset``."""

    path: Path
    key: NoteKey
    frontier: Frontier = field(default_factory=Frontier)
    note: str | None = None
    """Its last checkpoint."""
    offset: int = 0

    @property
    def size(self) -> int:
        """How many entries are under the last checkpoint."""
        return self.frontier.size

    @classmethod
    def read(cls, path: Path, key: NoteKey) -> Copy:
        """Read and verify a copy. Raises CopyRefused, naming the line; OSError."""
        copy, frontier = cls(path, key), Frontier()
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.startswith(b'"'):
                    copy.note = _checkpoint_over(line, number, frontier, key)
                    copy.frontier, copy.offset = deepcopy(frontier), file.tell()
                else:
                    frontier.append(leaf_hash(line.removesuffix(b"\n")))
        return copy

    def entries(self) -> Iterator[bytes]:
        """The entries under the last checkpoint."""
        with self.path.open("rb") as file:
            while file.tell() < self.offset:
                line = file.readline()
                if not line.startswith(b'"'):
                    yield line.removesuffix(b"\n")

    def extend(self, source: Source, progress: Progress = lambda _done, _all: None) -> int:
        """Append what is new; how many entries. Raises CopyRefused when the log does not continue the copy."""
        note = source.checkpoint()
        checkpoint = _open(note, self.key)
        if checkpoint.size < self.size:
            raise CopyRefused(f"The log has {checkpoint.size} entries, the copy {self.size}: the log was cut off.")
        added = checkpoint.size - self.size
        if not added and self.note is not None:
            if checkpoint.root != self.frontier.root():
                raise CopyRefused("The log is signed as something else than the copy: one of them was forged.")
            return 0
        self._append(source, note, checkpoint, progress)
        return added

    def _append(self, source: Source, note: str, checkpoint: Checkpoint, progress: Progress) -> None:
        frontier = deepcopy(self.frontier)
        with self.path.open("r+b" if self.path.exists() else "x+b") as file:
            file.seek(self.offset)
            file.truncate()
            for start, end in batches(frontier.size, checkpoint.size):
                for entry in source.entries(start, end):
                    file.write(entry + b"\n")
                    frontier.append(leaf_hash(entry))
                progress(end, checkpoint.size)
            if (frontier.size, frontier.root()) != (checkpoint.size, checkpoint.root):
                raise CopyRefused("The log does not continue the copy, or is damaged. The copy stays as it was.")
            _flush(file)  # entries before the checkpoint that vouches for them
            file.write(json.dumps(note, ensure_ascii=False).encode() + b"\n")
            _flush(file)
            self.frontier, self.note, self.offset = frontier, note, file.tell()


def _checkpoint_over(line: bytes, number: int, frontier: Frontier, key: NoteKey) -> str:
    try:
        note = json.loads(line)
        checkpoint = Checkpoint.open(note, key)
    except ValueError as error:
        raise CopyRefused(f"Line {number} of the copy is no checkpoint of this log: {error}.") from None
    if (checkpoint.size, checkpoint.root) != (frontier.size, frontier.root()):
        raise CopyRefused(f"The lines of the copy before line {number} are not what the checkpoint there signs.")
    return str(note)


def _open(note: str, key: NoteKey) -> Checkpoint:
    try:
        return Checkpoint.open(note, key)
    except NoteInvalid as error:
        raise CopyRefused(f"The log's checkpoint is not good: {error}.") from None


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
