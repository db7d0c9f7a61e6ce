"""What processes have used of the processors, as Linux counts it in /proc. Elsewhere nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def seconds_of(pid: int) -> float | None:
    """Processor time of a process and of all that descend from it, so far; None where that is not counted."""
    if not (_PROC / "self" / "stat").exists():
        return None
    return sum(_seconds(each) for each in (pid, *_descendants(pid)))


def _seconds(pid: int) -> float:
    """User and system time (fields 14 and 15 of proc_pid_stat(5)), and that of children that were waited for."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _descendants(pid: int) -> Iterator[int]:
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from _descendants(child)
