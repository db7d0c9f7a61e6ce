"""The sequencer's thread goes on whatever happens, raises the alarm, and stops when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from cardsvc.audit.storage import log_size
from cardsvc.audit.supervision import ALARM_INTERVAL, SupervisedSequencer, sequencing
from cardsvc.db import reading
from tests.fixtures.audit import AuditLog


class Hours:
    """A clock for the alarm."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def broken() -> None:
    raise OSError("the disk is full")


def turns(sequencer: SupervisedSequencer, count: int = 1) -> list[str]:
    with capture_logs() as lines:
        for _ in range(count):
            sequencer.turn()
    assert all(line["log_level"] == "error" for line in lines)
    return [line["event"] for line in lines]


def test_nothing_is_said_while_all_is_well() -> None:
    assert turns(SupervisedSequencer(lambda: None, lambda: False), 3) == []


@pytest.mark.parametrize(
    ("sequence", "late", "said"),
    [
        (broken, lambda: False, "audit records get no place in the log"),
        (lambda: None, lambda: True, "an audit record waits too long for its place in the log"),
        (lambda: None, broken, "the audit log cannot be watched"),
    ],
)
def test_an_alarm_is_raised_at_once_and_then_now_and_then(
    sequence: Callable[[], Any], late: Callable[[], Any], said: str
) -> None:
    clock = Hours()
    sequencer = SupervisedSequencer(sequence, late, monotonic=clock)
    assert turns(sequencer, 3) == [said]
    clock.now += ALARM_INTERVAL
    assert turns(sequencer, 3) == [said]


def test_what_fails_is_tried_again() -> None:
    done = threading.Event()
    tries = iter([broken, broken])

    def sequence() -> None:
        next(tries, done.set)()

    sequencer = SupervisedSequencer(sequence, lambda: False, interval=0)
    with capture_logs():
        sequencer.start()
        assert done.wait(30)
        sequencer.stop()


def test_it_stops_while_it_waits() -> None:
    began = threading.Event()
    sequencer = SupervisedSequencer(began.set, lambda: False, interval=3600)
    sequencer.start()
    assert began.wait(30)
    sequencer.stop()
    assert "audit-sequencer" not in [thread.name for thread in threading.enumerate()]


def test_it_gives_places_as_long_as_the_block_lasts(sqlite_log: AuditLog) -> None:
    sqlite_log.write(3)
    services, done = sqlite_log.services, threading.Event()

    def size() -> int:
        with reading(services.sessions) as session:
            return log_size(session.connection())

    with sequencing(sqlite_log.sequencer, services.sessions, services.clock):
        while not size():
            done.wait(0.01)
    assert size() == 3
