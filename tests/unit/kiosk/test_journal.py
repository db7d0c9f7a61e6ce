"""A journal that keeps what it acknowledged, and says which entry is wrong when one is."""

from __future__ import annotations

import errno
import os
import signal
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cardsvc.wire.offline import NO_ENTRY, entry_hash
from kiosk.journal import (
    MAX_CONTENT,
    EntriesLost,
    EntryAltered,
    HeadRefused,
    Journal,
    JournalInterrupted,
    JournalInUse,
    JournalRefused,
)

WRITER = Path(__file__).with_name("journal_writer.py")


def contents(folder: Path, kiosk: str = "kiosk-1") -> list[bytes]:
    with Journal(folder, kiosk) as journal:
        return [entry.content for entry in journal]


def write(folder: Path, *entries: bytes, kiosk: str = "kiosk-1") -> None:
    with Journal(folder, kiosk) as journal:
        for entry in entries:
            journal.append(entry)


def records(folder: Path) -> list[bytes]:
    log, found = (folder / "journal.log").read_bytes(), []
    while log:
        size = 4 + struct.unpack(">I", log[:4])[0]
        found.append(log[:size])
        log = log[size:]
    return found


def put(folder: Path, *log: bytes) -> None:
    (folder / "journal.log").write_bytes(b"".join(log))


def test_entries_are_there_again_in_their_chain(tmp_path: Path) -> None:
    write(tmp_path, b"one", b"two")

    with Journal(tmp_path, "kiosk-1") as journal:
        one, two = journal
        first = entry_hash("kiosk-1", 1, NO_ENTRY, b"one")
        second = entry_hash("kiosk-1", 2, first, b"two")
        assert (one.previous_hash, one.hash) == (NO_ENTRY, first)
        assert (two.previous_hash, two.hash) == (first, second)
        assert journal.next_place == (3, second)


def test_nobody_else_reads_the_files_and_the_log_does_not_show_what_is_in_it(tmp_path: Path) -> None:
    write(tmp_path, b"library-loan")

    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert all(b"library-loan" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_second_process_does_not_get_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path, "kiosk-1"), pytest.raises(JournalInUse):
        Journal(tmp_path, "kiosk-1")


@given(data=st.data())
def test_any_byte_that_is_altered_is_found_in_its_entry(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, b"one", b"two", b"three")
        log = bytearray((folder / "journal.log").read_bytes())
        place = data.draw(st.integers(0, len(log) - 1))
        log[place] ^= data.draw(st.integers(1, 255))
        ends = [sum(map(len, records(folder)[:count])) for count in (1, 2, 3)]
        put(folder, bytes(log))

        with pytest.raises(JournalRefused) as refused:
            Journal(folder, "kiosk-1")
        assert refused.value.sequence == 1 + sum(place >= end for end in ends)


@given(data=st.data())
def test_a_log_that_was_cut_lacks_the_first_entry_that_is_not_whole(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, b"one", b"two", b"three")
        log, sizes = (folder / "journal.log").read_bytes(), list(map(len, records(folder)))
        kept = data.draw(st.integers(0, len(log) - 1))
        put(folder, log[:kept])
        if not kept:
            (folder / "journal.log").unlink()

        with pytest.raises(EntriesLost) as lost:
            Journal(folder, "kiosk-1")
        assert lost.value.sequence == 1 + sum(kept >= sum(sizes[:count]) for count in (1, 2, 3))


def test_entries_in_another_order_are_refused(tmp_path: Path) -> None:
    write(tmp_path, b"one", b"two", b"three")
    one, two, three = records(tmp_path)
    put(tmp_path, one, three, two)

    with pytest.raises(EntryAltered) as altered:
        Journal(tmp_path, "kiosk-1")
    assert altered.value.sequence == 2


def test_an_entry_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, b"one", b"two")
    one, two = records(tmp_path)
    put(tmp_path, one, two, two)

    with pytest.raises(EntryAltered) as altered:
        Journal(tmp_path, "kiosk-1")
    assert altered.value.sequence == 3


@pytest.mark.parametrize("place", [1, 2])
def test_entries_of_another_kiosk_are_refused_even_under_the_same_key(tmp_path: Path, place: int) -> None:
    (mine := tmp_path / "mine").mkdir()
    (other := tmp_path / "other").mkdir()
    write(mine, b"one", b"two")
    (other / "journal.key").write_bytes((mine / "journal.key").read_bytes())
    write(other, b"one", b"two", kiosk="kiosk-2")
    mixed = records(mine)
    mixed[place - 1] = records(other)[place - 1]
    put(mine, *mixed)

    with pytest.raises(EntryAltered) as altered:
        Journal(mine, "kiosk-1")
    assert altered.value.sequence == place


def test_log_head_and_folder_are_on_the_disk_before_an_entry_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    with Journal(tmp_path, "kiosk-1") as journal:
        monkeypatch.setattr(os, "fsync", watched)
        journal.append(b"one")

    log, head = tmp_path / "journal.log", tmp_path / "journal.head"
    assert synced == [path.stat().st_ino for path in (log, head, tmp_path)]


@pytest.mark.parametrize("lost", ["journal.head", "journal.key"])
def test_a_log_without_its_head_or_key_is_refused(tmp_path: Path, lost: str) -> None:
    write(tmp_path, b"one")
    (tmp_path / lost).unlink()

    with pytest.raises(HeadRefused):
        Journal(tmp_path, "kiosk-1")


def test_a_head_of_another_kiosk_is_refused(tmp_path: Path) -> None:
    write(tmp_path, b"one")

    with pytest.raises(HeadRefused):
        Journal(tmp_path, "kiosk-2")


def test_a_part_of_an_entry_that_nobody_was_served_for_is_cut(tmp_path: Path) -> None:
    write(tmp_path, b"one")
    whole = records(tmp_path)[0]
    put(tmp_path, whole, whole[:20])

    assert contents(tmp_path) == [b"one"]
    assert (tmp_path / "journal.log").read_bytes() == whole


def test_after_a_write_that_failed_the_journal_must_be_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal(tmp_path, "kiosk-1") as journal:
        journal.append(b"one")
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(OSError, match="No space"):
                journal.append(b"two")
        with pytest.raises(JournalInterrupted):
            journal.append(b"two")

    write(tmp_path, b"two")
    assert contents(tmp_path) == [b"one", b"two"]


def test_an_entry_that_is_too_long_is_not_written(tmp_path: Path) -> None:
    with Journal(tmp_path, "kiosk-1") as journal:
        with pytest.raises(ValueError, match="at most"):
            journal.append(bytes(MAX_CONTENT + 1))
        assert journal.append(bytes(MAX_CONTENT)).sequence == 1


@pytest.mark.timeout(300)
def test_killed_at_any_call_the_journal_has_what_it_acknowledged_and_goes_on(tmp_path: Path) -> None:
    for call in range(1, 200):
        (folder := tmp_path / str(call)).mkdir()
        command = (sys.executable, str(WRITER), str(folder), "3", str(call))
        died = subprocess.run(command, capture_output=True, text=True, check=False)
        acknowledged = len(died.stdout.split())
        after = contents(folder)
        assert len(after) in {acknowledged, acknowledged + 1}, died.stderr
        assert after == [b"entry %d" % number for number in range(len(after))]
        write(folder, b"later")
        assert contents(folder) == [*after, b"later"]
        if died.returncode != -signal.SIGKILL:
            break

    assert (died.returncode, acknowledged) == (0, 3), died.stderr
    assert call > 3 * 8  # for each entry: write and sync the log; open, write, sync and rename the head; the folder


class Journalling(RuleBasedStateMachine):
    """The journal against a list, with crashes that leave a part of an entry."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name), "kiosk-1")
        self.written: list[bytes] = []
        self.synchronised = 0

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()

    @rule(content=st.binary(max_size=50))
    def append(self, content: bytes) -> None:
        self.written.append(content)
        assert self.journal.append(content).sequence == len(self.written)

    @rule(part=st.binary(max_size=3))
    def open_again(self, part: bytes) -> None:
        self.journal.close()
        with (Path(self.folder.name) / "journal.log").open("ab") as log:
            log.write(part)
        self.journal = Journal(Path(self.folder.name), "kiosk-1")

    @precondition(lambda self: self.synchronised < len(self.written))
    @rule(data=st.data())
    def synchronise(self, data: st.DataObject) -> None:
        self.synchronised = data.draw(st.integers(self.synchronised + 1, len(self.written)))
        self.journal.mark_synchronised(self.synchronised)

    @rule(beyond=st.integers(1, 3))
    def synchronise_once_more_or_what_is_not_there(self, beyond: int) -> None:
        for sequence in (self.synchronised, len(self.written) + beyond):
            with pytest.raises(ValueError, match="not among"):
                self.journal.mark_synchronised(sequence)

    @invariant()
    def what_was_written_is_there(self) -> None:
        assert [entry.content for entry in self.journal] == self.written
        left = [entry.content for entry in self.journal.unsynchronised()]
        assert left == self.written[self.synchronised :]


TestJournalling = Journalling.TestCase
