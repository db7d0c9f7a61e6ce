"""Background work goes on whatever happens, and stops when told."""

from __future__ import annotations

import threading

import pytest

from kiosk import background
from kiosk.background import Repeated


def test_it_is_done_again_after_the_time_it_asked_for() -> None:
    third = threading.Event()
    calls: list[int] = []

    def action() -> float:
        calls.append(1)
        if len(calls) == 3:
            third.set()
        return 0.0 if len(calls) < 3 else 3600.0

    work = Repeated("count", action)
    work.start()
    assert third.wait(10)
    work.stop()
    assert len(calls) == 3


def test_a_nudge_does_not_wait() -> None:
    calls: list[int] = []
    twice = threading.Event()

    def action() -> None:
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        if len(calls) == 1:
            work.nudge()

    work = Repeated("wait", action)
    work.start()
    assert twice.wait(10)
    work.stop()


def test_a_failure_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AFTER_A_FAILURE", 0.0)
    again = threading.Event()
    failures = iter([ZeroDivisionError])

    def action() -> float:
        for failure in failures:
            raise failure
        again.set()
        return 3600.0

    work = Repeated("fail", action)
    work.start()
    assert again.wait(10)
    work.stop()


def test_what_never_started_can_be_stopped() -> None:
    Repeated("idle", lambda: None).stop()
