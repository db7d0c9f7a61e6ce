"""The line between desk and card service is cut, and mended: what goes on by itself, and what is looked at again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cardsvc.client import ServiceClient
from kiosk.desk.issuing import Standing, standing
from kiosk.desk.looking import SeenCard
from kiosk.desk.windows.issuing import IssuingPage
from readers.virtual.pcscd import PrivatePcscd
from tests.chaos.desk.line import Line
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import DeskAtWork, DeskCity, open_desk
from tests.fixtures.desk_issuing import approved, at_step, choose, issuing, says, sealed

NUMBER = "CC-0000-0301"


@dataclass
class LinedDesk:
    """A desk that reaches the card service over a line of its own."""

    desk: DeskAtWork
    line: Line

    def notices(self, *, reached: bool) -> None:
        """The window says so."""
        window = self.desk.window
        self.desk.until(lambda: window.connection.reached is reached)
        assert window.connected.text().startswith("Connected" if reached else "No connection")


@pytest.fixture
def lined(desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path) -> Iterator[LinedDesk]:
    with (
        Line(desk_city.plan.service_port) as line,
        open_desk(desk_city, private_pcscd, qtbot, tmp_path, service_url=line.url) as desk,
    ):
        yield LinedDesk(desk, line)


@pytest.fixture(scope="module")
def mei(desk_city: DeskCity) -> Resident:
    return produced(desk_city, "mei", NUMBER, MEI)


@pytest.mark.parametrize("step", ["Setting the unblocking code", "Making the signature key", "Making the tap key"])
def test_a_card_whose_line_is_cut_is_finished_by_itself(lined: LinedDesk, tmp_path: Path, step: str) -> None:
    desk = lined.desk
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    with ExitStack() as cut:
        at_step(lane, step, lambda: cut.enter_context(lined.line.down()))
        desk.type(lane.number, number + "\r")
        lined.notices(reached=False)
        assert lane.written is None
    lined.notices(reached=True)
    sealed(desk, lane)


def test_a_card_is_looked_at_again_and_what_was_typed_stays(lined: LinedDesk, mei: Resident) -> None:
    card = AtTheCard.signed_in(lined.desk)
    card.opens(NUMBER)
    card.chooses("Y")
    reference = card.page.acts.needs.reference
    lined.desk.type(reference, "CR-2026-17")
    with lined.line.down():
        QTest.keyClick(lined.desk.window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
        lined.notices(reached=False)
        with mei.bo() as bo:
            bo.hold(mei.uuid, "seen elsewhere")
    lined.notices(reached=True)
    QTest.keyClick(lined.desk.window, Qt.Key.Key_6, Qt.KeyboardModifier.AltModifier)
    card.shows("is held")
    assert (reference.text(), reference.isVisible()) == ("CR-2026-17", True)
    assert "Hold" not in card.offers()


def looks_again(lined: LinedDesk, page: IssuingPage) -> None:
    """The line is cut, and mended."""
    with lined.line.down():
        lined.desk.press(page.refresh)
        lined.notices(reached=False)
    lined.notices(reached=True)


def test_of_two_looks_at_a_card_the_older_one_is_not_shown_though_it_comes_last(
    lined: LinedDesk, desk_city: DeskCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    lok = produced(desk_city, "lok", "CC-0000-0302", MEI.model_copy(update={"document_number": "A2000302"}))
    desk, held, looked, let_go = lined.desk, [True], threading.Event(), threading.Event()
    page, lane = issuing(desk)
    desk.insert(lok.files.state)
    says(desk, lane, "is in force")

    def slow(officer: ServiceClient, seen: SeenCard) -> Standing:
        """The first one is told late."""
        told = standing(officer, seen)
        if held:
            held.pop()
            looked.set()
            let_go.wait()
        return told

    monkeypatch.setattr("kiosk.desk.windows.lane.standing", slow)
    try:
        looks_again(lined, page)
        desk.until(looked.is_set)
        with lok.bo() as bo:
            bo.hold(lok.uuid, "seen elsewhere")
        looks_again(lined, page)
        says(desk, lane, "is held")
    finally:
        let_go.set()
    desk.until(lambda: not desk.window.workers.busy)
    assert "is held" in lane.state.text()
