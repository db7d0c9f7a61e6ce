"""Whatever is done to the log is found, the first bad entry is named, and a copy puts it right."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cardsvc.audit.copies import Copy
from cardsvc.audit.errors import CopyRefused
from cardsvc.audit.findings import Fault, Report
from cardsvc.audit.models import AuditEntry
from cardsvc.audit.reading import read_checkpoint, read_entries
from cardsvc.audit.repair import Repaired, repair
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.storage import write_tiles
from cardsvc.audit.tree import GrowingTree
from cardsvc.audit.verification import verify
from cardsvc.db import looking_up, snapshot, transaction
from cardsvc.services import Services
from cardsvc.wire.merkle import leaf_hash
from tests.fixtures.audit import AuditLog
from tests.fixtures.services import StandingClock

SIZE = 300
CHECKPOINTS = 3


@dataclass
class Source:
    """The log as it is in the database."""

    log: AuditLog

    def checkpoint(self) -> str:
        with looking_up(self.log.services.sessions) as connection:
            return read_checkpoint(connection, self.log.signer)

    def entries(self, start: int, end: int) -> list[bytes]:
        with looking_up(self.log.services.sessions) as connection:
            return [entry.encode() for entry in read_entries(connection, start, end - start).entries]


@dataclass
class Case:
    """A log of 300 entries about two citizens, checkpoints after 100, 270 and 300, and a copy of it."""

    log: AuditLog
    copy_path: Path
    citizens: list[UUID]

    def verify(self, *, against_copy: bool = False) -> Report:
        copy = self.copy() if against_copy else None
        with snapshot(self.log.services.sessions.kw["bind"]) as connection:
            return verify(connection, self.log.signer.key, self.log.services.clock(), copy)

    def copy(self) -> Copy:
        return Copy.read(self.copy_path, self.log.signer.key)

    def repair(self) -> Repaired:
        with transaction(self.log.services.sessions) as session:
            return repair(session.connection(), self.copy(), self.log.services.clock())

    def faults(self, *, against_copy: bool = False) -> list[tuple[Fault, int | None]]:
        return [(finding.fault, finding.index) for finding in self.verify(against_copy=against_copy).findings]

    def id_at(self, index: int) -> UUID:
        with looking_up(self.log.services.sessions) as connection:
            return connection.scalars(select(AuditEntry.record_id).where(AuditEntry.tree_index == index)).one()

    def sequence_anew(self) -> int:
        """As a service that was started again does."""
        return Sequencer(self.log.services.sessions, self.log.signer, self.log.services.clock).sequence()


def make_case(log: AuditLog, clock: StandingClock, folder: Path) -> Case:
    citizens = log.people(2)
    log.grow(100, *citizens)
    clock.advance(hours=1)
    log.step(uuid4(), "revoked", "lost on the bus")
    log.grow(169, *citizens)
    clock.advance(hours=1)
    log.grow(30, *citizens)
    case = Case(log, folder / "copy.log", citizens)
    Copy(case.copy_path, log.signer.key).extend(Source(log))
    return case


@pytest.fixture
def case(log: AuditLog, clock: StandingClock, tmp_path: Path) -> Case:
    return make_case(log, clock, tmp_path)


def test_a_good_log_is_good_alone_and_against_its_copy(case: Case) -> None:
    for against_copy in (False, True):
        report = case.verify(against_copy=against_copy)
        assert (report.size, report.checkpoints, report.findings) == (SIZE, CHECKPOINTS, [])
        assert report.first_bad is None


def test_a_log_without_entries_is_good(log: AuditLog, tmp_path: Path) -> None:
    assert Case(log, tmp_path / "none", []).faults() == []


def test_progress_is_told(case: Case) -> None:
    told: list[tuple[int, int]] = []
    with snapshot(case.log.services.sessions.kw["bind"]) as connection:
        verify(connection, case.log.signer.key, case.log.services.clock(), None, lambda *done: told.append(done))
    assert told == [(100, SIZE), (270, SIZE), (SIZE, SIZE)]


DAMAGE: dict[str, tuple[list[str], tuple[Fault, int | None]]] = {
    "an actor": (["UPDATE audit_records SET actor = 'bo' WHERE id = @42"], (Fault.ALTERED, 42)),
    "an outcome": (["UPDATE audit_records SET outcome = 'refused' WHERE id = @42"], (Fault.ALTERED, 42)),
    "a detail": (["UPDATE audit_records SET detail = '{}' WHERE id = @42"], (Fault.ALTERED, 42)),
    "a time": (["UPDATE audit_records SET at = '2026-03-02 09:30:00.000001' WHERE id = @42"], (Fault.ALTERED, 42)),
    "whom it is about": (["UPDATE audit_records SET citizen_id = NULL WHERE id = @42"], (Fault.ALTERED, 42)),
    "a state": (
        ["UPDATE audit_records SET state = 'active' WHERE state = 'revoked'"],
        (Fault.ALTERED, 100),
    ),
    "the digest of a note": (
        ["UPDATE audit_records SET note_digest = NULL WHERE state = 'revoked'"],
        (Fault.ALTERED, 100),
    ),
    "a record": (["DELETE FROM audit_records WHERE id = @42"], (Fault.MISSING, 42)),
    "a record and its place": (
        ["DELETE FROM audit_records WHERE id = @42", "DELETE FROM audit_entries WHERE tree_index = 42"],
        (Fault.MISSING, 42),
    ),
    "a place": (["DELETE FROM audit_entries WHERE tree_index = 42"], (Fault.MISSING, 42)),
    "the order": (
        [
            "UPDATE audit_entries SET tree_index = -1 WHERE tree_index = 42",
            "UPDATE audit_entries SET tree_index = 42 WHERE tree_index = 43",
            "UPDATE audit_entries SET tree_index = 43 WHERE tree_index = -1",
        ],
        (Fault.MOVED, 42),
    ),
    "the end": (["DELETE FROM audit_entries WHERE tree_index > 280"], (Fault.TRUNCATED, 281)),
    "the end, with its checkpoint": (
        ["DELETE FROM audit_entries WHERE tree_index >= 270", "DELETE FROM audit_checkpoints WHERE size = 300"],
        (Fault.TRUNCATED, 270),
    ),
    "everything": (
        ["DELETE FROM audit_records", "DELETE FROM audit_entries"],
        (Fault.TRUNCATED, 0),
    ),
    "a tile": (["DELETE FROM audit_tiles WHERE level = 1"], (Fault.TREE_DAMAGED, 0)),
    "a checkpoint's root": (
        ["UPDATE audit_checkpoints SET note = replace(note, 'a', 'b') WHERE size = 270"],
        (Fault.CHECKPOINT_FALSE, None),
    ),
    "a checkpoint's size": (
        ["UPDATE audit_checkpoints SET size = 271 WHERE size = 270"],
        (Fault.CHECKPOINT_FALSE, None),
    ),
    "the last checkpoint": (["DELETE FROM audit_checkpoints WHERE size = 300"], (Fault.UNSIGNED, 270)),
    "a note": (["UPDATE audit_notes SET text = 'stolen'"], (Fault.NOTE_ALTERED, None)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_kind_of_damage_is_found_and_put_right(case: Case, name: str) -> None:
    statements, expected = DAMAGE[name]
    before = case.log.entries()
    case.log.tamper(*statements)

    report = case.verify()
    first = report.first_bad
    assert expected in [(finding.fault, finding.index) for finding in report.findings]
    assert (None if first is None else first.index) == expected[1]

    case.repair()
    assert case.faults(against_copy=True) == []
    assert case.log.entries() == before
    case.log.write(1)
    assert case.sequence_anew() == 1
    assert case.faults(against_copy=True) == []


def flipped(value: object, bit: int) -> bytes:
    raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(raw)


COLUMNS = ("id", "at", "event", "outcome", "actor", "citizen_id", "citizen_counter", "detail")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.sampled_from(COLUMNS), st.sampled_from([0, 99, 101, 257, 299]), st.integers(0, 400))
@example("citizen_id", 299, 93)  # "a" and "A": the same id, which no search finds
@example("at", 0, 153)  # "." and ",": the same time
def test_any_flipped_bit_of_a_record_is_found_and_put_right(
    one_sqlite_case: Case, column: str, index: int, bit: int
) -> None:
    case = one_sqlite_case
    url = case.log.services.settings.database_url.removeprefix("sqlite:///")
    record = case.id_at(index)
    with closing(sqlite3.connect(url, isolation_level=None)) as raw:
        (value,) = raw.execute(f"SELECT {column} FROM audit_records WHERE id = ?", [record.hex]).fetchone()  # noqa: S608
        kind = "BLOB" if isinstance(value, bytes) else "TEXT"
        statement = f"UPDATE audit_records SET {column} = CAST(? AS {kind}) WHERE id = ?"  # noqa: S608
        try:
            raw.execute(statement, [flipped(value, bit), record.hex])
        except sqlite3.IntegrityError:
            reject()  # the database itself refuses this one

    first = case.verify().first_bad
    assert first is not None
    assert first.index == index
    case.repair()
    assert case.faults(against_copy=True) == []


@pytest.fixture
def one_sqlite_case(sqlite_log: AuditLog, clock: StandingClock, tmp_path: Path) -> Case:
    return make_case(sqlite_log, clock, tmp_path)


def rehash(case: Case) -> None:
    """Make the tree fit the records, as somebody would who has the database but not the key."""
    tree = GrowingTree(0, {})
    tree.append([leaf_hash(leaf) for leaf in case.log.entries()])
    case.log.tamper("DELETE FROM audit_tiles")
    with transaction(case.log.services.sessions) as session:
        write_tiles(session.connection(), tree.changed)


def test_who_rewrites_entry_and_tree_is_found_by_what_is_signed_and_named_by_the_copy(case: Case) -> None:
    case.log.tamper("UPDATE audit_records SET actor = 'nobody' WHERE id = @150")
    rehash(case)

    assert case.faults() == [(Fault.REWRITTEN, 100)]
    report = case.verify(against_copy=True)
    assert (Fault.FORKED, 150) in [(finding.fault, finding.index) for finding in report.findings]
    case.repair()
    assert case.faults(against_copy=True) == []


def test_a_log_that_was_set_back_and_went_on_is_found_by_the_copy_and_keeps_what_came_after(case: Case) -> None:
    before = case.log.entries()
    case.log.tamper(
        "DELETE FROM audit_records WHERE id IN (SELECT record_id FROM audit_entries WHERE tree_index >= 270)",
        "DELETE FROM audit_entries WHERE tree_index >= 270",
        "DELETE FROM audit_checkpoints WHERE size = 300",
        "UPDATE citizens SET audit_counter ="
        " (SELECT max(citizen_counter) FROM audit_records WHERE citizen_id = citizens.id)",
    )
    rehash(case)
    case.log.write(40)
    assert case.sequence_anew() == 40

    assert case.faults() == []  # nobody can tell from this database alone
    assert case.verify(against_copy=True).first_bad is not None
    assert case.faults(against_copy=True)[0] == (Fault.FORKED, 270)

    done = case.repair()
    assert (done.restored, done.displaced, len(done.false_checkpoints)) == (list(range(270, SIZE)), 40, 1)
    assert case.log.entries() == before
    assert case.sequence_anew() == 40
    assert case.log.checkpoint().size == SIZE + 40
    assert [fault for fault, _ in case.faults(against_copy=True)] == [Fault.COUNTER_WRONG, Fault.COUNTER_WRONG]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit_records WHERE citizen_counter = 17 AND citizen_id = :citizen", "number 17"),
        ("UPDATE citizens SET audit_counter = audit_counter + 2 WHERE id = :citizen", "2 missing"),
        ("UPDATE citizens SET audit_counter = audit_counter - 1 WHERE id = :citizen", "more records"),
        ("DELETE FROM audit_records WHERE citizen_id = :citizen", "number 1, 2, 3, …"),
    ],
)
def test_a_gap_in_a_citizens_numbers_is_found(case: Case, statement: str, told: str) -> None:
    citizen = case.citizens[0]
    is_sqlite = case.log.services.settings.database_url.startswith("sqlite")
    case.log.tamper(statement, citizen=citizen.hex if is_sqlite else citizen)
    wrong = [finding for finding in case.verify().findings if finding.fault is Fault.COUNTER_WRONG]
    assert len(wrong) == 1
    assert told in wrong[0].detail
    assert str(citizen) in wrong[0].detail


def test_the_log_verifies_after_a_person_was_erased(case: Case) -> None:
    case.log.tamper("UPDATE citizens SET wrapped_key = NULL, sealed_person = ''", "DELETE FROM audit_notes")
    assert case.faults(against_copy=True) == []


def test_records_without_a_place_are_found(case: Case, clock: StandingClock) -> None:
    case.log.write(1)
    assert case.faults() == []
    clock.advance(seconds=11)
    assert case.faults() == [(Fault.LATE, None)]
    case.log.tamper("DELETE FROM audit_waiting")
    assert case.faults() == [(Fault.OUTSIDE_LOG, None)]
    case.repair()
    assert case.sequence_anew() == 1
    assert case.faults() == []
    case.log.write(1)
    case.log.tamper("DELETE FROM audit_records WHERE id IN (SELECT record_id FROM audit_waiting)")
    assert case.faults() == [(Fault.MISSING, None)]


def test_what_came_after_the_copy_stays_and_its_damage_stays_visible(case: Case) -> None:
    case.log.grow(20)
    case.log.tamper(
        "UPDATE audit_records SET actor = 'bo' WHERE id = @310",
        "UPDATE audit_records SET actor = 'bo' WHERE id = @42",
    )
    assert case.repair().restored == [42]
    assert case.faults(against_copy=True) == [(Fault.ALTERED, 310)]


def test_people_who_are_gone_cannot_be_restored(case: Case) -> None:
    case.log.tamper("DELETE FROM audit_records", "DELETE FROM citizens")
    with pytest.raises(CopyRefused, match="0 to 299"):
        case.repair()


def test_so_many_faults_are_counted_and_not_all_kept(sqlite_log: AuditLog, tmp_path: Path) -> None:
    sqlite_log.grow(1005)
    sqlite_log.tamper("UPDATE audit_records SET actor = 'bo'")
    report = Case(sqlite_log, tmp_path / "none", []).verify()
    assert (report.counted, len(report.findings)) == (1005, 1000)


# Copies


def test_a_copy_grows_and_only_grows(case: Case) -> None:
    before = case.copy_path.read_bytes()
    copy = case.copy()
    assert copy.extend(Source(case.log)) == 0
    assert case.copy_path.read_bytes() == before
    case.log.grow(5)
    assert copy.extend(Source(case.log)) == 5
    assert case.copy_path.read_bytes().startswith(before)
    assert list(case.copy().entries()) == case.log.entries()


def test_what_a_broken_off_run_left_is_written_again(case: Case) -> None:
    with case.copy_path.open("ab") as file:
        file.write(b'{"half":')
    case.log.grow(5)
    assert case.copy().extend(Source(case.log)) == 5
    assert list(case.copy().entries()) == case.log.entries()


def test_a_log_that_does_not_continue_the_copy_is_not_copied(case: Case, clock: StandingClock) -> None:
    before = case.copy_path.read_bytes()
    case.log.tamper("UPDATE audit_records SET actor = 'bo' WHERE id = @42")
    copy = case.copy()
    case.log.tamper("DELETE FROM audit_checkpoints WHERE size = 300")
    with pytest.raises(CopyRefused, match="cut off"):
        copy.extend(Source(case.log))
    assert case.copy_path.read_bytes() == before


def test_a_log_that_was_rewritten_before_it_was_copied_is_not_copied(case: Case, tmp_path: Path) -> None:
    case.log.tamper("UPDATE audit_records SET actor = 'bo' WHERE id = @42")
    fresh = Copy(tmp_path / "fresh", case.log.signer.key)
    with pytest.raises(CopyRefused, match="does not continue"):
        fresh.extend(Source(case.log))
    assert Copy.read(tmp_path / "fresh", case.log.signer.key).size == 0


def test_a_log_signed_as_something_else_is_not_copied(case: Case, make_log: Callable[[Services], AuditLog]) -> None:
    class Forged(Source):
        def checkpoint(self) -> str:
            return case.log.signer.checkpoint(SIZE, bytes(32))

    with pytest.raises(CopyRefused, match="forged"):
        case.copy().extend(Forged(case.log))


def test_a_changed_copy_is_refused(case: Case) -> None:
    good = case.copy_path.read_bytes()
    for bad in (
        good.replace(b'"ana"', b'"bo"', 1),
        good.replace(b"audit\\n3", b"audit\\n4"),
        good[good.index(b"\n") + 1 :],
    ):
        case.copy_path.write_bytes(bad)
        with pytest.raises(CopyRefused):
            case.copy()


def test_an_empty_copy_repairs_nothing(case: Case, tmp_path: Path) -> None:
    with transaction(case.log.services.sessions) as session, pytest.raises(CopyRefused):
        repair(session.connection(), Copy(tmp_path / "none", case.log.signer.key), case.log.services.clock())
