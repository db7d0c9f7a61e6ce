"""Verifying the whole log: every entry, the tree over them, the checkpoints, and a copy.

Three things are held against each other: the records (their hashes are computed anew), the tiles, and what was signed.
While the tiles lead to the signed roots, a record that does not fit its tile was altered; while the records do, a tile
was. Where neither does, but they agree, somebody rewrote both: what is signed bounds the place, and a copy names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection, select

from cardsvc.audit.completeness import verify_completeness
from cardsvc.audit.copies import Copy
from cardsvc.audit.findings import Fault, Progress, Report
from cardsvc.audit.models import AuditCheckpoint
from cardsvc.audit.scanning import BATCH, Placed, scan
from cardsvc.audit.storage import TileReader, log_size
from cardsvc.audit.tree import WIDTH, GrowingTree, Place
from cardsvc.db import table_of
from cardsvc.wire.merkle import HASH_SIZE, Frontier
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey

_checkpoints: Final = table_of(AuditCheckpoint)


def verify(
    connection: Connection,
    key: NoteKey,
    now: datetime,
    copy: Copy | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Everything that is wrong with the log, as a snapshot of the database shows it."""
    report = Report(size=log_size(connection))
    signed = list(_read_checkpoints(connection, key, report))
    _Pass(connection, report, signed, progress, copy.entries() if copy else iter(())).run()
    _verify_end(connection, report, signed, copy)
    verify_completeness(connection, report, now)
    return report


def _read_checkpoints(connection: Connection, key: NoteKey, report: Report) -> Iterator[Checkpoint]:
    """Those that are good in themselves, smallest first."""
    for size, note in connection.execute(
        select(_checkpoints.c.size, _checkpoints.c.note).order_by(_checkpoints.c.size)
    ):
        report.checkpoints += 1
        try:
            checkpoint = Checkpoint.open(note, key)
        except (NoteInvalid, TypeError) as error:
            report.add(Fault.CHECKPOINT_FALSE, f"the checkpoint of size {size}: {error}")
            continue
        if checkpoint.size == size:
            yield checkpoint
        else:
            report.add(Fault.CHECKPOINT_FALSE, f"a checkpoint of size {checkpoint.size} is kept under size {size}")


@dataclass
class _Misfit:
    """An entry that does not fit the tile."""

    placed: Placed
    expected: bytes | None


@dataclass
class _Pass:
    """One walk along the log."""

    connection: Connection
    report: Report
    signed: list[Checkpoint]
    progress: Progress
    copied: Iterator[bytes]
    rows: Frontier = field(default_factory=Frontier)
    """The tree as the records make it; a record that is gone counts as what the tile says."""
    tree: GrowingTree = field(default_factory=lambda: GrowingTree(0, {}))
    """The tree as the lowest tiles make it; where a tile is gone, as the record does."""
    misfits: list[_Misfit] = field(default_factory=list)
    """Since the last checkpoint."""
    odd_tiles: list[Place] = field(default_factory=list)
    """Tiles that are not made of those below, since the last checkpoint: they are wrong if those below are right."""
    proved: int = 0
    """Up to here the log is what was signed."""
    is_lost: bool = False
    """What was signed cannot be reached any more."""

    def run(self) -> None:
        self.tiles = TileReader(self.connection)
        for checkpoint in self.signed:
            if checkpoint.size <= self.report.size:
                self._walk_to(checkpoint.size)
                self._compare(checkpoint)
        self._walk_to(self.report.size)
        self._tell_misfits(Fault.ALTERED)

    def _walk_to(self, end: int) -> None:
        while self.rows.size < end:
            start = self.rows.size
            stop = min(end, start + BATCH)
            self._walk(scan(self.connection, start, stop), start, stop)
            self._check_tiles()
            self.tiles = TileReader(self.connection)
            self.progress(stop, self.report.size)

    def _walk(self, found: dict[int, Placed], start: int, stop: int) -> None:
        copied = list(islice(self.copied, stop - start))
        hashes = []
        for index in range(start, stop):
            placed, expected = found.get(index, Placed(index, None, None)), self._expected(index)
            here = placed.hash
            if here is None or here != expected:
                self.misfits.append(_Misfit(placed, expected))
            elif index - start < len(copied) and placed.leaf != copied[index - start]:
                self.report.add(
                    Fault.FORKED, "the copy has another entry here", index=index, record_id=placed.record_id
                )
            self.rows.append(here or expected or bytes(HASH_SIZE))
            hashes.append(expected or here or bytes(HASH_SIZE))
        self.tree.append(hashes)

    def _expected(self, index: int) -> bytes | None:
        number, offset = divmod(index, WIDTH)
        return self.tiles((0, number))[offset * HASH_SIZE : (offset + 1) * HASH_SIZE] or None

    def _check_tiles(self) -> None:
        """The tiles above are made of those below."""
        for (level, number), hashes in self.tree.changed.items():
            if level and not self.tiles((level, number)).startswith(hashes):
                self.odd_tiles.append((level, number))
        self.tree.changed.clear()

    def _compare(self, checkpoint: Checkpoint) -> None:
        if self.is_lost:
            return
        odd_tiles, self.odd_tiles = dict.fromkeys(self.odd_tiles), []
        if self.tree.root() == checkpoint.root:
            self._tell_misfits(Fault.ALTERED)
            for level, number in odd_tiles:
                detail = f"tile {number} of level {level} is not made of those below"
                self.report.add(Fault.TREE_DAMAGED, detail, index=number * WIDTH ** (level + 1))
        elif self.rows.root() == checkpoint.root:
            self._tell_misfits(Fault.TREE_DAMAGED)
        else:
            detail = f"somewhere from {self.proved} to {checkpoint.size - 1}: the checkpoint there signs something else"
            self.report.add(Fault.REWRITTEN, detail, index=None if self.misfits else self.proved)
            self._tell_misfits(Fault.ALTERED)
            self.is_lost = True
            return
        self.proved = checkpoint.size

    def _tell_misfits(self, fault: Fault) -> None:
        belongs = {misfit.expected: misfit.placed.index for misfit in self.misfits}
        for misfit in self.misfits:
            self._tell(misfit, fault, belongs.get(misfit.placed.hash))
        self.misfits.clear()

    def _tell(self, misfit: _Misfit, fault: Fault, home: int | None) -> None:
        index, record_id = misfit.placed.index, misfit.placed.record_id
        if fault is Fault.TREE_DAMAGED:
            self.report.add(fault, "the tree has another hash than the entry, which is good", index=index)
        elif record_id is None and misfit.placed.leaf is None:
            self.report.add(Fault.MISSING, "nothing that can be read stands here", index=index)
        elif misfit.placed.leaf is None:
            self.report.add(Fault.MISSING, "the record is gone", index=index, record_id=record_id)
        elif home is not None:
            self.report.add(Fault.MOVED, f"the record belongs to place {home}", index=index, record_id=record_id)
        else:
            self.report.add(fault, "the record is not what was put into the log", index=index, record_id=record_id)


def _verify_end(connection: Connection, report: Report, signed: list[Checkpoint], copy: Copy | None) -> None:
    """Nothing is cut off, and nothing hangs over."""
    largest = max((checkpoint.size for checkpoint in signed), default=0)
    whole = max(largest, copy.size if copy else 0, _hashed(connection, report.size))
    if whole > report.size:
        gone = whole - report.size
        report.add(Fault.TRUNCATED, f"the last {gone} of {whole} entries are gone", index=report.size)
    elif report.size > largest:
        report.add(Fault.UNSIGNED, "no checkpoint is about the entries from here on", index=largest)


def _hashed(connection: Connection, size: int) -> int:
    """How many entries the tree has hashes of, as far as it goes on where the log ends."""
    tiles = TileReader(connection)
    number = size // WIDTH
    while len(tiles((0, number))) == WIDTH * HASH_SIZE:
        number += 1
    return number * WIDTH + len(tiles((0, number))) // HASH_SIZE
