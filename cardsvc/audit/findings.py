"""What may be wrong with a log, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

MOST_FINDINGS: Final = 1000
"""So many are kept; the rest is counted."""

Progress = Callable[[int, int], None]
"""Told how many of how many entries are done."""


class Fault(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    """A record is not what was put into the log."""
    MISSING = "missing"
    """A place in the log, or its record, is gone."""
    MOVED = "moved"
    """A record stands at another place than the one it was given."""
    TRUNCATED = "truncated"
    """The end of the log is gone."""
    REWRITTEN = "rewritten"
    """Records and tree agree with each other, and not with what was signed."""
    FORKED = "forked"
    """The log is signed, and says something else than a copy that is signed too."""
    TREE_DAMAGED = "tree-damaged"
    """The hashes of the tree are not those of its entries, which are good."""
    CHECKPOINT_FALSE = "checkpoint-false"
    """A checkpoint is not signed by the log, or says another size than it is kept under."""
    UNSIGNED = "unsigned"
    """There are entries behind the last checkpoint."""
    COUNTER_WRONG = "counter-wrong"
    """The numbers of the records about a citizen have a gap, or are not as many as the citizen's counter says."""
    OUTSIDE_LOG = "outside-log"
    """A record has no place and does not wait for one."""
    LATE = "late"
    """A record waits too long for its place."""
    NOTE_ALTERED = "note-altered"
    """A note is not the one whose digest is in the log."""
    SEALED_WRONG = "sealed-wrong"
    """A day has no batch of sealed entries, or what was released is not what was committed to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    fault: Fault
    detail: str
    index: int | None = None
    """The first entry that it is about."""
    record_id: UUID | None = None


@dataclass
class Report:
    """What came of a verification."""

    size: int = 0
    """So many entries were read."""
    checkpoints: int = 0
    counted: int = 0
    """So many faults were found; not all of them may be in ``findings``."""
    findings: list[Finding] = field(default_factory=list)

    def add(self, fault: Fault, detail: str, *, index: int | None = None, record_id: UUID | None = None) -> None:
        """Note a fault."""
        self.counted += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(fault, detail, index, record_id))

    @property
    def first_bad(self) -> Finding | None:
        """The fault that is first in the log; None when no entry is bad."""
        placed: Iterator[Finding] = (finding for finding in self.findings if finding.index is not None)
        return min(placed, key=lambda finding: finding.index or 0, default=None)
