"""A card and its person afterwards, at the desk's window: found, looked at, held, reinstated, unblocked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.losses import Question
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.desk.cases import find_card
from kiosk.desk.windows.card import CardPage
from kiosk.desk.windows.citizens_pin import CitizensPin
from kiosk.desk.windows.loss_receipt import receipt_of
from kiosk.desk.windows.person import PersonPage
from readers.connection import CardConnection
from readers.errors import CardRemoved
from readers.piv.identifiers import Instruction
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.accessible import keyless, nameless
from tests.fixtures.around import ReaderAround
from tests.fixtures.at_the_card import CONTROL_SHIFT, MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import DeskAtWork, DeskCity, open_desk
from tests.fixtures.desk_menu import pick
from tests.fixtures.transports import Through
from tests.fixtures.tries import takes, tries_left

NUMBER = "CC-0000-0101"
NEW_PIN = "582914"


@pytest.fixture(scope="module")
def mei(desk_city: DeskCity) -> Resident:
    return produced(desk_city, "mei", NUMBER, MEI)


@pytest.fixture
def card(desk: DeskAtWork, mei: Resident) -> AtTheCard:
    at_the_card = AtTheCard.signed_in(desk)
    at_the_card.opens(NUMBER)
    return at_the_card


def test_a_card_is_found_by_its_number_held_and_with_a_colleague_reinstated(card: AtTheCard, mei: Resident) -> None:
    assert card.page.facts.text().startswith("Holder: 陈美玲, born in 1990\n")  # before anything is done to it
    acts = card.page.acts
    assert {"Hold", "Report lost", "Unblock the PIN", "Give a temporary card"} <= set(card.offers())
    assert not {"Put into force again", "Destroy"} & set(card.offers())
    card.chooses("H")
    assert f"Card {NUMBER} is held at once" in acts.effects.text()
    assert "Two officers can put it into force again." in acts.effects.text()
    card.desk.press(acts.do)  # nothing is done without a reason
    assert mei.card().state is CardState.ACTIVE
    card.desk.type(acts.needs.reason, "looks tampered with")
    card.desk.press(acts.do)
    card.says(f"Card {NUMBER} is held.")
    assert acts.list is card.desk.window.focusWidget()
    assert (mei.card().state, mei.card().history[-1].actor) == (CardState.HELD, "ana")
    assert f"Card {NUMBER}: held" in card.history()
    assert "Hold" not in card.offers()

    card.chooses("I")
    assert acts.do.text() == "Ask a colleague"
    card.desk.type(acts.needs.reason, "it is genuine")
    card.desk.press(acts.do)
    card.leaves_it_to_a_colleague()
    card.says("A colleague was asked.")
    with mei.bo() as bo:
        (asked,) = [one for one in bo.approvals() if one.kind is ApprovalKind.REINSTATEMENT]
        assert (asked.requested_by, asked.subject_id, asked.reason) == ("ana", mei.uuid, "it is genuine")
        bo.approve_request(asked.id)
    card.is_looked_at_again()
    card.chooses("I")
    assert "bo has agreed" in acts.consent.text()
    card.desk.press(acts.do)
    card.says(f"Card {NUMBER} is in force again.")
    assert mei.card().state is CardState.ACTIVE


def test_a_pin_is_unblocked_with_a_colleague_and_the_citizen_chooses_another(card: AtTheCard, mei: Resident) -> None:
    citizen = unblocked(card, mei)
    for weak, said in (("123456", "follow each other"), ("900506", "date of birth")):
        card.desk.type(citizen.first, weak)
        assert said in citizen.message.text()
        citizen.first.clear()
    enters(card.desk, citizen, NEW_PIN)
    card.says("has the citizen's new PIN")
    assert not card.page.acts.unblocking.isVisible()
    card.desk.remove()
    assert takes(mei.city, mei.files, NEW_PIN)
    assert not takes(mei.city, mei.files, CITIZENS_PIN)


class TornAtChange(Through):
    """The card is out of the reader once it has carried out CHANGE REFERENCE DATA, before its answer."""

    def __init__(self, inner: CardConnection, tear: list[Callable[[], None]]) -> None:
        super().__init__(inner)
        self._tear = tear

    def transmit(self, command: bytes) -> bytes:
        answer = super().transmit(command)
        if command[1] == Instruction.CHANGE_REFERENCE_DATA and self._tear:
            self._tear.pop()()
            raise CardRemoved("transmit")
        return answer


@dataclass
class TearingReader(ReaderAround):
    """Such a reader, around another one."""

    tear: list[Callable[[], None]]

    def through(self, connection: CardConnection) -> CardConnection:
        return TornAtChange(connection, self.tear)


def test_torn_out_while_it_takes_the_pin_and_looked_away_from_it_goes_on_and_costs_no_try(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path
) -> None:
    wu = produced(desk_city, "wu", "CC-0000-0103", MEI.model_copy(update={"document_number": "A2000003"}))
    tear: list[Callable[[], None]] = []
    wraps = partial(TearingReader, tear=tear)
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path, wraps=wraps) as desk:
        card = AtTheCard.signed_in(desk)
        card.opens("CC-0000-0103")
        closed(desk, unblocked(card, wu))
        looked_at_again(card)
        desk.until(lambda: not desk.window.workers.busy)
        pick(desk, "Language", "Português")
        (page,) = [page for page in desk.window.pages if isinstance(page, CardPage)]
        card = AtTheCard(desk, page)
        QTest.keyClick(desk.window, Qt.Key.Key_6, Qt.KeyboardModifier.AltModifier)
        card.opens("CC-0000-0103")
        panel = page.acts.unblocking
        desk.until(panel.set.isVisible)
        QTest.keyClick(desk.window, Qt.Key.Key_J, CONTROL_SHIFT)
        citizen = window_of(card)
        assert (nameless(citizen), keyless(citizen)) == ([], [])

        tear.append(desk.remove)
        enters(desk, citizen, NEW_PIN)
        desk.until(lambda: panel.status.text() == citizen.words["clerk"]["card_out"])
        closed(desk, citizen)
        looked_at_again(card)
        QTest.keyClick(desk.window, Qt.Key.Key_J, CONTROL_SHIFT)
        desk.until(lambda: panel.citizen is not citizen)
        desk.insert(wu.files.state)
        card.says(page.acts.words["unblock_done"].format(card="CC-0000-0103"))
        desk.until(lambda: not panel.isVisible())
        desk.remove()
    assert takes(wu.city, wu.files, NEW_PIN)
    assert tries_left(wu.city, wu.files) == 3


def unblocked(card: AtTheCard, resident: Resident) -> CitizensPin:
    """With a colleague; the window in which the citizen chooses a PIN."""
    acts = card.page.acts
    card.has_unblocking_agreed(resident)
    card.chooses("U")
    card.desk.insert(resident.files.state)
    card.desk.press(acts.do)
    return window_of(card)


def closed(desk: DeskAtWork, citizen: CitizensPin) -> None:
    """As a window manager does, which turns to the desk's window then."""
    citizen.close()
    desk.window.activateWindow()
    desk.until(desk.window.isActiveWindow)


def looked_at_again(card: AtTheCard) -> None:
    panel = card.page.acts.unblocking
    QTest.keyClick(card.desk.window, Qt.Key.Key_F5)
    card.desk.until(lambda: panel.set.isVisible() and panel.status.text() == panel.words["pin_next"])


def window_of(card: AtTheCard) -> CitizensPin:
    panel = card.page.acts.unblocking
    card.desk.until(lambda: panel.citizen is not None and panel.citizen.isVisible())
    assert panel.citizen is not None
    return panel.citizen


def enters(desk: DeskAtWork, citizen: CitizensPin, pin: str) -> None:
    desk.type(citizen.first, pin)
    desk.type(citizen.again, pin + "\r")


def test_the_person_of_a_card_is_opened_with_cards_and_history(card: AtTheCard, mei: Resident) -> None:
    QTest.keyClick(card.desk.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    (page,) = [page for page in card.desk.window.pages if isinstance(page, PersonPage)]
    card.desk.until(lambda: "Chen Meiling" in page.name.text())
    assert "Document A2000001" in page.facts.text()
    told = [cell.text() for row in range(page.history.table.rowCount()) if (cell := page.history.table.item(row, 1))]
    assert {"Application (first card): approved", f"Card {NUMBER}: in force"} <= set(told)
    times = [cell.text() for row in range(page.history.table.rowCount()) if (cell := page.history.table.item(row, 0))]
    assert times == sorted(times, reverse=True)
    card.page.number.clear()
    page.cards.setFocus()
    QTest.keyClick(page.cards, Qt.Key.Key_Down)
    QTest.keyClick(page.cards, Qt.Key.Key_Return)
    card.desk.until(card.page.isVisible)
    card.desk.remove_officer()
    card.desk.until(lambda: not page.name.text())
    assert page.history.table.rowCount() == page.cards.count() == page.acts.list.count() == 0


def prints_the_receipt(card: AtTheCard) -> None:
    """Where there is no printer, its number is told; it is offered beside its card alone."""
    receipt = card.page.acts.receipt
    card.desk.until(receipt.print.isVisible)
    assert receipt.report is not None
    QTest.keyClick(card.desk.window, Qt.Key.Key_K, CONTROL_SHIFT)
    card.says(f"Write the number down for the citizen: {receipt.report.number}.")
    paper = " ".join(receipt_of(receipt.report, "CC-0000-0102", receipt.words).lines)
    for told in (receipt.report.number, "CC-0000-0102", "Reported lost, and held since ", "If you find it by "):
        assert told in paper
    assert MEI.name not in paper
    card.opens(NUMBER)
    assert receipt.isHidden()
    card.opens("CC-0000-0102")
    assert receipt.isVisible()


@pytest.mark.usefixtures("mei")
def test_a_loss_by_telephone_takes_answers_and_a_death_a_colleague(card: AtTheCard, desk_city: DeskCity) -> None:
    """Another resident's card: it is over at the end."""
    lee = produced(desk_city, "lee", "CC-0000-0102", MEI.model_copy(update={"document_number": "A2000002"}))
    desk, acts = card.desk, card.page.acts
    card.page.number.clear()
    desk.type(card.page.number, "CC-0000-0102\r")
    card.shows("Card CC-0000-0102 is in force")
    card.chooses("L")
    form = acts.needs
    form.channel.setFocus()
    QTest.keyClick(form.channel, Qt.Key.Key_Down)
    desk.press(acts.do)
    card.says("Too few questions were answered right.")
    for question in (Question.BIRTH_DATE, Question.DISTRICT):
        form.answered[question].setFocus()
        QTest.keyClick(form.answered[question], Qt.Key.Key_Space)
    desk.until(acts.do.isEnabled)
    desk.press(acts.do)
    card.says("Card CC-0000-0102 is reported lost. The report's number: ")
    card.shows("It is held: lost.")
    assert any("reported: lost, by telephone" in line for line in card.history())
    prints_the_receipt(card)

    card.chooses("Y")
    desk.type(form.reference, "R-77")
    desk.press(acts.do)
    card.says("It is reported.")
    card.shows("It is held: died.")
    card.chooses("F")
    assert "All cards of the person are revoked: CC-0000-0102." in acts.effects.text()
    desk.type(form.reason, "the registry's paper is here")
    desk.press(acts.do)
    card.leaves_it_to_a_colleague()
    card.says("A colleague was asked.")
    with lee.bo() as bo:
        (asked,) = [one for one in bo.approvals() if one.kind is ApprovalKind.DEATH]
        bo.approve_request(asked.id)
    card.is_looked_at_again()
    card.chooses("F")
    desk.press(acts.do)
    card.says("All cards of the person are revoked.")
    assert lee.card().state is CardState.REVOKED


def test_a_blank_card_is_found_and_put_aside_and_a_number_nobody_has_is_said(card: AtTheCard) -> None:
    with card.desk.city.client("bo") as bo:
        bo.add_stock("HX-000001", "town-hall")
    card.page.number.clear()
    card.desk.type(card.page.number, "hx-000001\r")
    card.shows("It is kept at town-hall; bo answers for it.")
    assert card.offers() == ["Put aside as spoilt"]
    assert not card.page.person.isEnabled()
    card.chooses("P")
    card.desk.type(card.page.acts.needs.reason, "scratched")
    QTest.keyClick(card.desk.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    card.says("Card HX-000001 is put aside.")
    card.page.number.clear()
    card.desk.type(card.page.number, "HX-999999\r")
    card.says("No card has the number HX-999999.")
    assert card.offers() == []


def test_an_answer_that_is_late_is_not_shown_in_place_of_what_was_asked_for_since(
    card: AtTheCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with card.desk.city.client("bo") as bo:
        bo.add_stock("HX-000002", "town-hall")
    asked, answer = threading.Event(), threading.Event()

    def slowly(officer: ServiceClient, number: str, *given: Any, **more: Any) -> UUID | None:
        if number == NUMBER:
            asked.set()
            answer.wait()
        return find_card(officer, number, *given, **more)

    monkeypatch.setattr("kiosk.desk.windows.card.find_card", slowly)
    for number in (NUMBER, "HX-000002"):
        card.page.number.clear()
        card.desk.type(card.page.number, number + "\r")
        card.desk.until(asked.is_set)
    card.shows("HX-000002")
    answer.set()
    card.desk.until(lambda: not card.desk.window.workers.busy)
    assert "HX-000002" in card.page.facts.text()
    assert card.offers() == ["Put aside as spoilt"]
