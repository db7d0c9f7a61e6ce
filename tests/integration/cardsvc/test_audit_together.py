"""Processes that write and sequence at the same time: every record has one place, and the log verifies."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from cardsvc.audit.models import AuditEntry, AuditRecord, AuditWaiting
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.service import OK, Draft, record_all
from cardsvc.audit.signing import LogSigner
from cardsvc.audit.supervision import SupervisedSequencer
from cardsvc.audit.verification import verify
from cardsvc.clock import system_clock
from cardsvc.db import SessionFactory, create_database_engine, reading, session_factory, snapshot, transaction
from cardsvc.services import Services
from cardsvc.trust.file_keystore import FileKeystore
from tests.fixtures import postgres
from tests.fixtures.audit import AuditLog
from tests.fixtures.databases import migrate
from tests.fixtures.services import PASSPHRASE

WRITERS = 2
TRANSACTIONS = 40
BATCH = 7


def check(log: AuditLog, expected: int) -> None:
    """All are there once, without gaps, and everything verifies."""
    with reading(log.services.sessions) as session:
        assert session.scalar(select(func.count()).select_from(AuditRecord)) == expected
        assert session.scalar(select(func.count()).select_from(AuditWaiting)) == 0
        indexes = session.scalars(select(AuditEntry.tree_index).order_by(AuditEntry.tree_index)).all()
    assert list(indexes) == list(range(expected))
    with snapshot(log.services.sessions.kw["bind"]) as connection:
        report = verify(connection, log.signer.key, datetime.now(UTC))
    assert (report.size, report.findings) == (expected, [])


def write_and_sequence(sessions: SessionFactory, signer: LogSigner, citizens: list[UUID]) -> None:
    """What a service process does: many requests at once, and a sequencer beside them."""
    sequencer = Sequencer(sessions, signer, system_clock, largest_batch=20)
    supervised = SupervisedSequencer(sequencer.sequence, lambda: False, interval=0.001)
    supervised.start()

    def write(_: int) -> None:
        drafts = [
            Draft("look", OK, "ana", datetime.now(UTC), citizens[i % len(citizens)], detail={"i": i})
            for i in range(BATCH)
        ]
        with transaction(sessions) as session:
            record_all(session.connection(), drafts)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(TRANSACTIONS)))
    supervised.stop()


def test_two_engines_in_threads(services: Services, log: AuditLog) -> None:
    citizens = log.people(3)
    engines = [create_database_engine(services.settings.database_url) for _ in range(WRITERS)]
    threads = [
        threading.Thread(target=write_and_sequence, args=(session_factory(engine), log.signer, citizens))
        for engine in engines
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    log.sequencer.sequence()
    check(log, WRITERS * TRANSACTIONS * BATCH)


def test_two_processes(services: Services, log: AuditLog, keystore_folder: Path) -> None:
    citizens = log.people(3)
    command = (
        sys.executable,
        "-m",
        "tests.integration.cardsvc.test_audit_together",
        services.settings.database_url,
        services.settings.issuer,
        str(keystore_folder),
        *map(str, citizens),
    )
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(WRITERS)
    ]
    said = [process.communicate()[0] for process in processes]
    assert said == [""] * WRITERS
    assert [process.returncode for process in processes] == [0] * WRITERS
    log.sequencer.sequence()
    check(log, WRITERS * TRANSACTIONS * BATCH)


@pytest.fixture
def postgres_log(
    postgres_cluster: postgres.Cluster,
    make_services: Callable[[str], Services],
    make_log: Callable[[Services], AuditLog],
) -> Iterator[AuditLog]:
    with postgres_cluster.database(postgres_cluster.template("migrated", migrate)) as url:
        yield make_log(make_services(url))


def test_a_sequencer_does_not_wait_for_the_one_at_work(postgres_log: AuditLog) -> None:
    """On PostgreSQL, where both could; in SQLite the second waits for its turn to write."""
    log = postgres_log
    log.write(3)
    other = Sequencer(log.services.sessions, log.signer, log.services.clock)
    with transaction(log.services.sessions) as session:
        assert log.sequencer._append(session.connection())[0] == 3
        assert other.sequence() == 0
    assert other.sequence() == 0
    check(log, 3)


if __name__ == "__main__":
    url, issuer, folder, *people = sys.argv[1:]
    own = create_database_engine(url)
    keys = FileKeystore.load(Path(folder), PASSPHRASE.encode())
    write_and_sequence(session_factory(own), LogSigner.of(keys, issuer), [UUID(person) for person in people])
    own.dispose()
