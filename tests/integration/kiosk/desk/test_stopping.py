"""What is waited for outside of the pages can be stopped, too: signing in, a colleague's yes, a hand-over, a card."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval, ApprovalState
from cardsvc.wire.lifecycle import CardState
from kiosk.desk.second_person import granting
from kiosk.desk.windows.second_person import ColleagueDialog
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import PIN, DeskAtWork, DeskCity
from tests.fixtures.desk_issuing import handing_of, issuing, sign, written
from tests.fixtures.tries import takes, tries_left

NEW_PIN = "582914"
KEYS = {"f12": Qt.Key.Key_F12, "esc": Qt.Key.Key_Escape}
_numbers = count(1)


def resident(city: DeskCity) -> tuple[Resident, str]:
    """Somebody new with a card in force, and its printed number."""
    one = next(_numbers)
    number = f"CS-0000-{one:04}"
    return produced(city, f"stopped-{one}", number, MEI.model_copy(update={"document_number": f"S{one:07}"})), number


def signing_in_or_out() -> bool:
    return any(thread.name == "duty" for thread in threading.enumerate())


def at_work() -> bool:
    """Whether anything goes on beside the window, waited for or not."""
    return any(thread.name == "desk" for thread in threading.enumerate())


# Signing in


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_signing_in_is_not_waited_for_any_longer(desk: DeskAtWork, key: Qt.Key) -> None:
    page, bo = desk.window.sign_in, desk.city.cards["bo"]
    desk.insert_officer("bo")
    with desk.city.service_silent():
        desk.type(page.pin, PIN + "\r")
        assert page.message.text() == "Asking your card and the card service …"
        desk.until(page.waiting.isVisible)
        assert not page.pin.isEnabled()
        QTest.keyClick(desk.window, key)
        desk.until(lambda: page.message.text().startswith("You stopped it: nobody is signed in."))
        assert (page.pin.isEnabled(), desk.window.workers.busy) == (True, False)
        desk.until(page.waiting.isHidden)
    desk.until(lambda: not signing_in_or_out())
    assert desk.window.whole.currentWidget() is page
    desk.type(page.pin, PIN + "\r")
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.open)
    assert desk.window.officer.text().endswith("is on duty")
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is page)
    desk.until(lambda: not signing_in_or_out())
    assert tries_left(desk.city, bo) == 3


def test_signing_in_again_while_the_first_try_is_silent_signs_in_once(desk: DeskAtWork) -> None:
    page = desk.window.sign_in
    desk.insert_officer("ana")
    with desk.city.service_silent():
        for _ in range(3):
            desk.type(page.pin, PIN + "\r")
            desk.until(page.waiting.isVisible)
            QTest.keyClick(desk.window, Qt.Key.Key_F12)
            desk.until(page.waiting.isHidden)
        desk.type(page.pin, PIN + "\r")
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.open)
    assert [thread.name for thread in threading.enumerate()].count("duty") == 1


# A colleague's yes


def ready(desk: DeskAtWork, number: str) -> tuple[AtTheCard, ColleagueDialog]:
    """Ana asks for an unblocking; Bo's card is in the reader."""
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("U")
    desk.type(card.page.acts.needs.reason, "forgotten")
    card.does()
    desk.until(lambda: desk.window.colleague is not None)
    dialog = desk.window.colleague
    assert dialog is not None
    desk.until(lambda: "put your own card" in dialog.step.text())
    desk.insert(desk.city.cards["bo"].state)
    desk.until(dialog.pin.isEnabled)
    return card, dialog


def approvals(of: Resident) -> list[Approval]:
    with of.bo() as bo:
        return list(bo.approvals(subject_id=of.uuid))


def stops(desk: DeskAtWork, dialog: ColleagueDialog, key: Qt.Key) -> None:
    """In the dialog, as soon as it offers that; it says what is not known."""
    desk.until(dialog.waiting.isVisible)
    assert (dialog.step.text(), dialog.leave.isEnabled()) == ("Asking your card and the card service …", False)
    QTest.keyClick(dialog, key)
    desk.until(dialog.message.isVisible)
    said = dialog.message.text()
    assert said.startswith("You stopped waiting before the card service had answered.\nWhether your yes has arrived is")
    assert said.endswith("Or press Esc, and the page shows how things stand.")
    assert (dialog.leave.isEnabled(), dialog.pin.isEnabled()) == (True, True)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_colleague_who_did_not_wait_says_yes_again_and_it_counts_once(desk: DeskAtWork, key: Qt.Key) -> None:
    mei, number = resident(desk.city)
    card, dialog = ready(desk, number)
    with desk.city.service_silent():
        desk.type(dialog.pin, PIN + "\r")
        stops(desk, dialog, key)
    desk.type(dialog.pin, PIN + "\r")
    desk.until(lambda: desk.window.colleague is None)
    card.says("A colleague has agreed.")
    (approval,) = approvals(mei)
    assert (approval.state, approval.decided_by) == (ApprovalState.APPROVED, "bo")


@dataclass
class Arrived:
    """A yes arrives at the card service, and its answer does not come back until it is wanted."""

    there: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def granting(self, approval_id: UUID) -> object:
        def decide(colleague: ServiceClient) -> Approval:
            granted = granting(approval_id)(colleague)
            self.there.set()
            self.answers.wait()
            return granted

        return decide


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Iterator[Arrived]:
    ours = Arrived()
    monkeypatch.setattr("kiosk.desk.windows.page.granting", ours.granting)
    yield ours
    ours.answers.set()


def test_what_a_colleague_said_arrives_though_it_was_not_waited_for_and_the_page_shows_it(
    desk: DeskAtWork, arrived: Arrived
) -> None:
    mei, number = resident(desk.city)
    card, dialog = ready(desk, number)
    desk.type(dialog.pin, PIN + "\r")
    desk.until(arrived.there.is_set)
    stops(desk, dialog, Qt.Key.Key_F12)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.colleague is None)
    desk.until(lambda: [one.state for one in card.page.acts.approvals] == [ApprovalState.APPROVED])
    assert [one.decided_by for one in approvals(mei)] == ["bo"]


def test_what_arrived_and_is_said_again_counts_once(desk: DeskAtWork, arrived: Arrived) -> None:
    mei, number = resident(desk.city)
    card, dialog = ready(desk, number)
    desk.type(dialog.pin, PIN + "\r")
    desk.until(arrived.there.is_set)
    stops(desk, dialog, Qt.Key.Key_F12)
    arrived.answers.set()
    desk.type(dialog.pin, PIN + "\r")
    desk.until(lambda: desk.window.colleague is None)
    card.says("A colleague has agreed.")
    assert [one.decided_by for one in approvals(mei)] == ["bo"]


def test_a_yes_that_arrives_after_the_officer_left_is_told_to_nobody(desk: DeskAtWork, arrived: Arrived) -> None:
    """The dialog was deleted meanwhile."""
    mei, number = resident(desk.city)
    _, dialog = ready(desk, number)
    desk.type(dialog.pin, PIN + "\r")
    desk.until(arrived.there.is_set)
    desk.remove_officer()
    desk.until(lambda: desk.window.colleague is None and not isValid(dialog))
    arrived.answers.set()
    desk.until(lambda: not desk.window.workers.busy)
    assert [one.decided_by for one in approvals(mei)] == ["bo"]


# A hand-over


def test_a_hand_over_is_not_waited_for_any_longer_by_the_key_in_its_own_window(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    page, lane = issuing(desk)
    application = written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    (bar,) = [one for one in handing.findChildren(QWidget) if type(one).__name__ == "WaitingBar"]
    sign(desk, handing)
    handing.activateWindow()
    desk.until(handing.isActiveWindow)
    with desk.city.service_silent():
        desk.press(handing.confirm)
        desk.until(bar.isVisible)
        QTest.keyClick(handing, Qt.Key.Key_F12)
        desk.until(lambda: handing.message.text() != "")
        assert handing.message.text().startswith("You stopped waiting before the card service had answered.\nWhat was")
        assert (handing.confirm.isEnabled(), handing.isVisible()) == (True, True)
    desk.until(lambda: not at_work())
    with desk.city.client("bo") as bo:
        uuid = bo.application(application).card_uuid
        assert uuid is not None
        assert bo.card(uuid).state is CardState.SEALED, "nothing was sent after it was stopped"
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    with desk.city.client("bo") as bo:
        history = [entry.state for entry in bo.card(uuid).history]
    assert history.count(CardState.DELIVERED) == 1


# Unblocking


@contextmanager
def silent_from(desk: DeskAtWork, at: AtTheCard, step: str) -> Iterator[None]:
    """The card service falls silent when the bar has come to this step, and Ctrl+S is pressed then."""
    panel, group = at.page.acts.unblocking, desk.city.service.pid
    stopped = "It is stopped as soon as that is safe. Leave the card in."

    def come() -> None:
        if panel.bar.value() == _STEPS.index(step):
            panel.bar.valueChanged.disconnect(come)
            os.killpg(group, signal.SIGSTOP)
            QTest.keyClick(desk.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    panel.bar.valueChanged.connect(come)
    try:
        desk.press(at.page.acts.do)
        desk.until(lambda: panel.status.text() == stopped)
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


_STEPS = ("probe", "unblock-pin", "unblock-puk", "inspect")


@pytest.mark.parametrize("step", ["probe", "unblock-pin", "unblock-puk"])
def test_unblocking_is_stopped_while_the_service_is_silent_and_goes_on_later(desk: DeskAtWork, step: str) -> None:
    mei, number = resident(desk.city)
    card = AtTheCard.signed_in(desk)
    panel = card.page.acts.unblocking
    card.opens(number)
    card.has_unblocking_agreed(mei)
    card.chooses("U")
    desk.insert(mei.files.state)
    with silent_from(desk, card, step):
        card.says("You stopped it. Leave the card in and choose “Unblock the PIN” again: it goes on.")
        assert not panel.isVisible()
        desk.until(lambda: not desk.window.workers.busy)
    assert mei.card().state is CardState.ACTIVE

    card.chooses("U")
    desk.press(card.page.acts.do)
    desk.until(lambda: panel.citizen is not None and panel.citizen.isVisible())
    assert panel.citizen is not None
    desk.type(panel.citizen.first, NEW_PIN)
    desk.type(panel.citizen.again, NEW_PIN + "\r")
    card.says("has the citizen's new PIN")
    desk.remove()
    assert takes(desk.city, mei.files, NEW_PIN)
    assert tries_left(desk.city, mei.files) == 3
