"""The threads beside the desk's window: what nobody waits for any more is in nobody's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from structlog.testing import capture_logs

from cardsvc.wire.manifest import Language
from kiosk.desk.progress import Cancelled, Report
from kiosk.desk.windows.sign_in import SignInPage
from kiosk.desk.windows.work import Job, Outcomes, Workers
from kiosk.desk.words import words_in

_PATIENCE_MS = 90_000


@dataclass
class Beside:
    """Work that waits until the card service answers, as `silent` does, and what was told of it."""

    workers: Workers
    answers: threading.Event = field(default_factory=threading.Event)
    begun: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def silent(self, number: int = 0) -> Job:
        def steps(_: Report) -> None:
            self.begun.append(number)
            self.answers.wait()

        return self.workers.start(steps, self._outcomes(f"silent {number}"))

    def quick(self, name: str) -> Job:
        return self.workers.start(lambda _: None, self._outcomes(name))

    def _outcomes(self, name: str) -> Outcomes:
        return Outcomes(
            lambda _: self.told.append(name), lambda error: self.told.append(f"{name}: {type(error).__name__}")
        )


@pytest.fixture
def beside(qtbot: QtBot) -> Iterator[Beside]:
    window = QWidget()
    qtbot.addWidget(window)
    ours = Beside(Workers(window))
    yield ours
    ours.answers.set()
    ours.workers.wait()


def test_however_many_waits_were_given_up_the_next_act_is_done(beside: Beside, qtbot: QtBot) -> None:
    for number in range(30):
        job = beside.silent(number)
        qtbot.waitUntil(lambda: number in beside.begun, timeout=_PATIENCE_MS)  # noqa: B023 - waited for here
        job.give_up(Cancelled())
    assert (len(beside.told), beside.workers.busy) == (30, False)
    beside.quick("act")
    qtbot.waitUntil(lambda: "act" in beside.told, timeout=_PATIENCE_MS)


def test_what_is_waited_for_is_bounded_and_goes_on_in_its_order(beside: Beside, qtbot: QtBot) -> None:
    jobs = [beside.silent(number) for number in range(12)]
    qtbot.waitUntil(lambda: len(beside.begun) == 12, timeout=_PATIENCE_MS)
    later, act = beside.silent(12), beside.quick("act")
    later.give_up(Cancelled())
    assert (later.over, act.over) == (True, False)
    jobs[0].give_up(Cancelled())
    qtbot.waitUntil(lambda: "act" in beside.told, timeout=_PATIENCE_MS)
    assert 12 not in beside.begun, "what was given up before it began is not done"


def test_what_waited_for_its_turn_is_done_before_the_window_has_gone_for_good(beside: Beside, qtbot: QtBot) -> None:
    done = threading.Event()
    for number in range(12):
        beside.silent(number)
    beside.workers.start(lambda _: done.set(), Outcomes(lambda _: None, lambda _: None))
    qtbot.waitUntil(lambda: len(beside.begun) == 12, timeout=_PATIENCE_MS)
    assert not done.is_set()

    def answer() -> None:
        done.wait()
        beside.answers.set()

    threading.Thread(target=answer).start()
    beside.workers.wait()
    assert done.is_set()
    assert beside.workers.start(lambda _: None, Outcomes(lambda _: None, lambda _: None)).over


def test_what_goes_wrong_with_a_small_file_is_in_the_log_without_its_name(beside: Beside) -> None:
    def fails() -> None:
        raise PermissionError(13, "Permission denied", "card-CC-0000-0001.pdf")

    with capture_logs() as logged:
        beside.workers.file(fails)
        beside.workers.wait()
    (entry,) = logged
    assert (entry["log_level"], entry["kind"]) == ("error", "PermissionError")
    assert "CC-0000-0001" not in str(entry)


def test_that_the_connection_is_back_does_not_end_the_waiting_of_whoever_signs_in(beside: Beside, qtbot: QtBot) -> None:
    page = SignInPage(words_in(Language.ENGLISH))
    qtbot.addWidget(page)
    page.wanted.connect(lambda _pin: page.wait_for(beside.silent()))
    QTest.keyClicks(page.pin, "271828\r")
    page.mention("The connection is back.")
    assert (page.pin.isEnabled(), page.message.text()) == (False, "Asking your card and the card service …")
    page.escape()
    assert beside.told == ["silent 0: Cancelled"]
