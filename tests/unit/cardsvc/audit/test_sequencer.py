"""Every record gets one place, in order, without gaps; and a log that is not what was signed does not grow."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event, select

from cardsvc.audit.errors import LogDamaged
from cardsvc.audit.models import AuditCheckpoint, AuditEntry, AuditRecord, AuditWaiting
from cardsvc.audit.sequencer import LATE, Sequencer, is_late
from cardsvc.audit.service import OK, record
from cardsvc.audit.storage import TileReader, log_size
from cardsvc.audit.tree import nodes_of, prove_consistency, subtree_root
from cardsvc.db import new_id, reading, transaction
from cardsvc.services import Services
from cardsvc.wire.merkle import Frontier, leaf_hash, verify_consistency
from cardsvc.wire.notes import Checkpoint
from tests.fixtures.audit import AuditLog
from tests.fixtures.services import StandingClock


def root_of(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    return frontier.root()


def places(services: Services) -> list[tuple[int, object]]:
    with reading(services.sessions) as session:
        statement = select(AuditEntry.tree_index, AuditEntry.record_id).order_by(AuditEntry.tree_index)
        return [(index, record_id) for index, record_id in session.execute(statement)]


def test_what_waits_gets_its_place_in_order_and_the_root_is_signed(log: AuditLog) -> None:
    (citizen,) = log.people()
    ids = log.write(5, citizen)
    log.step(uuid4(), "stock")

    assert log.sequencer.sequence() == 6
    assert [record_id for _, record_id in places(log.services)][:5] == ids
    assert [index for index, _ in places(log.services)] == list(range(6))
    assert log.checkpoint() == Checkpoint("127.0.0.1:8080/audit", 6, root_of(log.entries()))
    with reading(log.services.sessions) as session:
        assert session.scalars(select(AuditWaiting)).all() == []


def test_with_nothing_new_nothing_is_signed(log: AuditLog) -> None:
    log.grow(1)
    before = log.checkpoint()
    assert log.sequencer.sequence() == 0
    assert log.checkpoint() == before


def test_it_goes_on_where_it_stopped_over_the_edges_of_tiles_and_batches(log: AuditLog) -> None:
    sequencer = Sequencer(log.services.sessions, log.signer, log.services.clock, largest_batch=100)
    checkpoints = []
    for count in (1, 254, 1, 1, 300):
        log.write(count)
        assert sequencer.sequence() == count
        checkpoints.append(log.checkpoint())

    assert checkpoints[-1].root == root_of(log.entries())
    with reading(log.services.sessions) as session:
        nodes = nodes_of(TileReader(session.connection()))
        for old, new in pairwise(checkpoints):
            verify_consistency(old.size, new.size, prove_consistency(nodes, old.size, new.size), old.root, new.root)
        assert subtree_root(nodes, 0, 256) == checkpoints[2].root or checkpoints[2].size != 256


def test_a_record_whose_transaction_took_long_is_not_passed_over(log: AuditLog) -> None:
    early, late = new_id(), new_id()
    log.grow(3)
    with transaction(log.services.sessions) as session:
        session.add(AuditRecord(id=late, at=log.services.clock(), event="x", outcome=OK, actor="ana", detail={}))
        session.add(AuditWaiting(record_id=late))
    log.sequencer.sequence()
    with transaction(log.services.sessions) as session:
        session.add(AuditRecord(id=early, at=log.services.clock(), event="x", outcome=OK, actor="ana", detail={}))
        session.add(AuditWaiting(record_id=early))

    assert log.sequencer.sequence() == 1
    assert [record_id for _, record_id in places(log.services)][3:] == [late, early]


def test_what_was_rolled_back_has_no_place(log: AuditLog) -> None:
    def write() -> None:
        with transaction(log.services.sessions) as session:
            record(session, event="x", outcome=OK, actor="ana", now=log.services.clock())
            raise LookupError

    with pytest.raises(LookupError):
        write()
    log.grow(1)
    assert len(places(log.services)) == 1


def test_of_each_hour_the_last_checkpoint_stays(log: AuditLog, clock: StandingClock) -> None:
    for _ in range(3):
        log.grow(1)
        clock.advance(minutes=20)
    log.grow(1)
    with reading(log.services.sessions) as session:
        assert session.scalars(select(AuditCheckpoint.size).order_by(AuditCheckpoint.size)).all() == [2, 4]


def test_a_record_that_waits_for_more_than_ten_seconds_is_late(log: AuditLog, clock: StandingClock) -> None:
    def late() -> bool:
        with reading(log.services.sessions) as session:
            return is_late(session.connection(), clock())

    assert not late()
    log.write(1)
    clock.now += LATE
    assert not late()
    clock.now += timedelta(milliseconds=1)
    assert late()
    log.sequencer.sequence()
    assert not late()


def test_a_record_that_is_gone_while_it_waits_raises_the_alarm_and_holds_nobody_up(log: AuditLog) -> None:
    gone, _ = log.write(2)
    log.tamper("DELETE FROM audit_records WHERE CAST(detail AS TEXT) LIKE '%0%'")
    assert log.sequencer.sequence() == 1
    with reading(log.services.sessions) as session:
        assert is_late(session.connection(), log.services.clock())
        assert session.scalars(select(AuditWaiting.record_id)).all() == [gone]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM audit_entries WHERE tree_index = 4",
        "UPDATE audit_entries SET tree_index = 6 WHERE tree_index = 4",
        "DELETE FROM audit_tiles",
        "UPDATE audit_tiles SET hashes = :zeros",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET size = 6, note = replace(note, '5', '6')",
    ],
)
def test_a_log_that_is_not_what_was_signed_does_not_grow(log: AuditLog, damage: str) -> None:
    log.grow(5)
    log.tamper(damage, zeros=bytes(5 * 32))
    log.write(1)
    with pytest.raises(LogDamaged):
        log.sequencer.sequence()
    with reading(log.services.sessions) as session:
        assert log_size(session.connection()) < 8
        assert len(session.scalars(select(AuditWaiting)).all()) == 1


def test_a_log_that_is_set_back_while_the_service_runs_does_not_grow(log: AuditLog, clock: StandingClock) -> None:
    log.grow(3)
    clock.advance(hours=1)
    log.grow(3)
    with reading(log.services.sessions) as session:
        tile = TileReader(session.connection())((0, 0))
    # What somebody could do who has the database and not the key: back to what was signed an hour ago.
    log.tamper(
        "DELETE FROM audit_entries WHERE tree_index > 2",
        "DELETE FROM audit_checkpoints WHERE size > 3",
        "UPDATE audit_tiles SET hashes = :hashes",
        hashes=tile[: 3 * 32],
    )
    log.write(9)
    with pytest.raises(LogDamaged, match="set back"):
        log.sequencer.sequence()

    log.sequencer = Sequencer(log.services.sessions, log.signer, clock)
    assert log.sequencer.sequence() == 9  # a process that has seen nothing cannot know; a witness does


def test_a_commit_that_fails_is_not_taken_for_a_log_that_was_set_back(log: AuditLog) -> None:
    """A full disk, or a database that restarts: afterwards the log goes on growing."""
    log.grow(2)
    log.write(2)
    engine = log.services.sessions.kw["bind"]

    def fail(_connection: Connection) -> None:
        raise OSError("no space left on the device")

    event.listen(engine, "commit", fail)
    with pytest.raises(OSError, match="no space"):
        log.sequencer.sequence()
    event.remove(engine, "commit", fail)
    assert len(places(log.services)) == 2

    assert log.sequencer.sequence() == 2
    assert log.checkpoint().root == root_of(log.entries())


def test_two_sequencers_take_turns(log: AuditLog) -> None:
    other = Sequencer(log.services.sessions, log.signer, log.services.clock)
    for sequencer in (log.sequencer, other, log.sequencer, other):
        log.write(2)
        assert sequencer.sequence() == 2
    assert log.checkpoint().root == root_of(log.entries())
