"""A card and its person afterwards, at the desk's window: found, looked at, held, reinstated, unblocked."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.losses import Question
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import LoopbackStage, Place
from kiosk.desk.windows.person import PersonPage
from readers.errors import WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import DeskAtWork, DeskCity

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
    acts = card.page.acts
    card.chooses("U")
    card.desk.type(acts.needs.reason, "forgotten")
    card.desk.press(acts.do)
    card.leaves_it_to_a_colleague()
    card.says("A colleague was asked.")
    with mei.bo() as bo:
        (asked,) = [one for one in bo.approvals() if one.kind is ApprovalKind.PUK_RELEASE]
        bo.approve_request(asked.id)
    card.is_looked_at_again()
    card.chooses("U")
    card.desk.insert(mei.files.state)
    card.desk.press(acts.do)
    panel = acts.unblocking
    card.desk.until(panel.pins.isVisible)
    for weak, said in (("123456", "follow each other"), ("900506", "date of birth")):
        card.desk.type(panel.new, weak + "\r")
        card.desk.type(panel.again, weak + "\r")
        assert said in panel.status.text()
    card.desk.type(panel.new, NEW_PIN + "\r")
    card.desk.type(panel.again, NEW_PIN + "\r")
    card.says("has the citizen's new PIN")
    assert not panel.isVisible()
    card.desk.remove()
    assert takes(mei, NEW_PIN)
    assert not takes(mei, CITIZENS_PIN)


def takes(mei: Resident, pin: str) -> bool:
    stage = LoopbackStage(mei.city.plan.folder)
    stage.put_on(mei.files, Place.CONTACT)
    with stage.reader(Place.CONTACT).connect() as connection:
        session = PivSession.open(connection)
        try:
            session.verify_pin(Pin(pin))
        except WrongPin:
            return False
        finally:
            stage.take_off(Place.CONTACT)
    return True


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
