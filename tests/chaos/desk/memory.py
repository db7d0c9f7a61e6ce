"""What a program holds: the objects of Python's that refer to others, exactly, and what of the process is in memory."""

from __future__ import annotations

import ctypes
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OWN_RECORD: Final = 3
"""Objects that the day itself keeps of an application (`Issued`): what is compared is what comes on top."""
ALLOWED_OBJECTS: Final = 60
"""On top, in all: a lock here and a thread's cell there. One object left behind by each of 200 cards is more."""
ALLOWED_BYTES: Final = 8 * 2**20
"""Some of a heap stays in pieces."""
_M_ARENA_MAX: Final = -8
"""Of mallopt(3)."""


def share_one_heap() -> None:
    """For all threads: each of them has its own otherwise, in pieces that look like something held."""
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@dataclass(frozen=True, slots=True)
class Memory:
    """At one moment, or what it grew by."""

    objects: int
    resident: int
    """Bytes."""

    @classmethod
    def now(cls) -> Memory:
        """After everything that may be given back was."""
        gc.collect()
        objects = len(gc.get_objects())
        ctypes.CDLL(None).malloc_trim(0)
        (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
        return cls(objects, int(line.split()[1]) * 1024)

    def since(self, before: Memory, applications: int) -> Memory:
        """What it grew by over so many ``applications``, their own record left out."""
        objects = self.objects - before.objects - OWN_RECORD * applications
        return Memory(objects, self.resident - before.resident)

    @property
    def too_much(self) -> bool:
        """Of what it grew by."""
        return self.objects > ALLOWED_OBJECTS or self.resident > ALLOWED_BYTES
