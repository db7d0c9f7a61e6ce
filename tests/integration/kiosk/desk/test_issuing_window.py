"""Issuing in the desk's window, with keys and clicks: a real pcscd, a real service, cards pulled out in the middle."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cardsvc.wire.lifecycle import ApplicationState, Card, CardState
from cardsvc.wire.people import DocumentKind
from kiosk.desk.handing_over import hand_over
from kiosk.desk.issuing import take_card
from kiosk.desk.relay import RelayRefused
from kiosk.desk.windows.issuing import IssuingPage
from kiosk.desk.windows.lane import Lane
from kiosk.desk.writing import IF_PULLED, Written
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.accessible import keyless, nameless
from tests.fixtures.at_the_card import MEI
from tests.fixtures.desk_city import DeskAtWork, DeskCity, open_desk
from tests.fixtures.desk_issuing import (
    approved,
    at_step,
    choose,
    handing_of,
    issuing,
    pin_window,
    says,
    sealed,
    sign,
    written,
)
from tests.fixtures.desk_menu import pick

OWN: Final = "864193"


def test_from_an_approved_application_to_a_card_in_force(desk: DeskAtWork, tmp_path: Path) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    says(desk, lane, "There is no card")
    choose(desk, page, application)
    assert "何慧君" in lane.whose.text()
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    product, _, stock = lane.state.text().split("\n")
    assert stock.startswith("Blank cards in stock: ")
    assert product.count(", ") == 1
    desk.type(lane.number, number + "\r")
    steps: list[str] = []

    def watched() -> bool:
        steps.append(lane.pulled.text())
        return lane.written is not None

    desk.until(watched)
    assert any("is pulled out now" in step for step in steps)
    sealed(desk, lane)
    assert "commands" in lane.times.text()
    assert lane.written is not None
    names = [page.words["steps"][one.step] for one in lane.written.timing.steps]
    assert len(names) == len(IF_PULLED)  # each step there is
    told = lane.times.accessibleDescription().split("\n")
    assert [line.rpartition(": ")[0] for line in told] == names
    assert all(re.fullmatch(r"\d+\.\d\d s", line.rpartition(": ")[2]) for line in told)

    handing = handing_of(desk, page, lane)
    assert not handing.confirm.isEnabled()
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    assert citizen.letter.isHidden()
    for window in (handing, citizen):
        assert (nameless(window), keyless(window)) == ([], [])
    for weak, reason in (("123456", "follow each other"), ("180694", "date of birth"), ("777777", "repeats itself")):
        desk.type(citizen.first, weak + "\r")  # which is not asked for once more
        assert (reason in citizen.message.text(), citizen.focusWidget()) == (True, citizen.first)
        citizen.first.clear()
    desk.type(citizen.first, OWN)
    desk.type(citizen.again, "864194\r")
    assert "not the same" in citizen.message.text()
    desk.type(citizen.first, OWN)
    desk.type(citizen.again, OWN + "\r")
    desk.until(lambda: "in force" in handing.message.text())
    assert not citizen.isVisible()
    with desk.city.client("ana") as ana:
        after = ana.application(application)
        assert after.state is ApplicationState.CLOSED
        assert [document.kind for document in ana.documents(application)] == [DocumentKind.COLLECTION_RECEIPT]
        assert after.card_uuid is not None
        assert ana.card(after.card_uuid).state is CardState.ACTIVE
    says(desk, lane, "is in force")


@pytest.mark.parametrize("step", ["Setting the unblocking code", "Making the signature key", "Judging"])
def test_pulled_out_it_says_what_is_safe_and_goes_on_when_it_is_back(
    desk: DeskAtWork, tmp_path: Path, step: str
) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    at_step(lane, step, desk.remove)
    desk.type(lane.number, number + "\r")
    desk.until(lambda: "nothing is lost" in lane.pulled.text() or lane.written is not None)
    if lane.written is None:
        assert "Put the same card in again" in desk.window.message.text()
    desk.insert(tmp_path / "card")
    sealed(desk, lane)


def test_another_card_and_a_card_that_is_not_blank_are_refused_and_the_right_one_is_taken(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.insert(desk.city.cards["bo"].state)
    says(desk, lane, "is in force")
    desk.type(lane.number, "NO-SUCH-9\r")
    desk.until(lambda: "NO-SUCH-9" in desk.window.message.text())
    lane.number.selectAll()
    desk.type(lane.number, number + "\r")
    desk.until(lambda: "Nothing was written" in lane.pulled.text())
    desk.remove()
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    desk.press(lane.write)
    sealed(desk, lane)


def test_a_card_that_broke_is_put_aside_and_the_application_gets_another_one(desk: DeskAtWork, tmp_path: Path) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    at_step(lane, "Making the tap key", lambda: desk.press(lane.stop))
    desk.type(lane.number, number + "\r")
    desk.until(lambda: "nothing is lost" in lane.pulled.text())
    desk.press(lane.aside)
    assert "Say in a few words" in desk.window.message.text()
    desk.type(lane.reason, "the chip is loose")
    desk.press(lane.aside)
    desk.until(lambda: f"{number} is put aside" in desk.window.message.text())
    with desk.city.client("ana") as ana:
        assert ana.application(application).state is ApplicationState.APPROVED
        ana.add_stock(f"{number}-B")
    desk.remove()
    desk.insert(tmp_path / "second")
    says(desk, lane, "The card is blank.")
    desk.type(lane.number, f"{number}-B\r")
    sealed(desk, lane)


def test_what_is_wrong_with_a_card_that_does_not_conform_is_said_in_sentences(
    desk: DeskAtWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")

    def refused(*_: Any) -> Written:
        found = ["pin-tries", "key-9a", "printed-information", "signature-wrong:chuid"]
        raise RelayRefused("card-not-conforming", "The finished card is not right.", found)

    monkeypatch.setattr("kiosk.desk.windows.lane.write", refused)
    desk.type(lane.number, number + "\r")
    desk.until(lambda: lane.times.text() != "")
    assert lane.times.text().split("\n") == [
        "The card has fewer PIN tries than it should.",
        "The key 9A does not sign.",
        "On the card is something else than was written: printed-information.",
        "The check signature-wrong failed at chuid.",
    ]
    assert lane.times.isVisible()
    assert desk.window.message.text().startswith("The card is not right and must not be given")
    desk.until(lambda: lane.pulled.text() == page.words["after"]["nothing-written"])
    assert lane.aside.isEnabled()
    assert lane.written is None


def test_somebody_else_collects_it_and_the_citizen_comes_with_the_letter(desk: DeskAtWork, tmp_path: Path) -> None:
    page, lane = issuing(desk)
    application = written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    QTest.keyClick(handing.by_proxy, Qt.Key.Key_Space)
    desk.press(handing.confirm)
    assert "Enter the name" in handing.message.text()
    desk.type(handing.name, "He Daming")
    desk.type(handing.document, "m7654321")
    desk.press(handing.confirm)
    desk.until(lambda: "on record who collected it" in handing.message.text())
    desk.press(handing.letter)
    desk.until(lambda: "no printer" in handing.message.text())
    assert handing.pin is not None
    letter = handing.pin.digits
    handing.close()
    with desk.city.client("ana") as ana:
        card = ana.application(application).card_uuid
        assert card is not None
        assert ana.proxy(card).document_number == "M7654321"

    desk.remove()
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    page, lane = issuing(desk)
    assert lane.whose.text() == page.words["nobody"]
    desk.insert(tmp_path / "card")
    says(desk, lane, "Its transport PIN is not known here")
    citizen = pin_window(desk, handing_of(desk, page, lane))
    for field, digits in ((citizen.letter, "909091"), (citizen.first, OWN), (citizen.again, OWN + "\r")):
        desk.type(field, digits)
    desk.until(lambda: "Tries left: 2" in citizen.message.text())
    for field, digits in ((citizen.letter, letter), (citizen.first, OWN), (citizen.again, OWN + "\r")):
        field.clear()
        desk.type(field, digits)
    says(desk, lane, "is in force")


def test_without_a_card_the_pin_waits_until_it_is_back(desk: DeskAtWork, tmp_path: Path) -> None:
    page, lane = issuing(desk)
    written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    desk.remove()
    says(desk, lane, "There is no card")
    desk.type(citizen.first, OWN)
    desk.type(citizen.again, OWN + "\r")
    desk.until(lambda: "goes on by itself" in handing.message.text())
    assert OWN not in handing.message.text() + citizen.message.text()
    desk.insert(tmp_path / "card")
    says(desk, lane, "is in force")


def has_application(lane: Lane) -> bool:
    return lane.application is not None


@pytest.fixture
def two_readers(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path
) -> Iterator[tuple[DeskAtWork, Path]]:
    """A desk with another reader for cards, and the slot of that."""
    slot = tmp_path / "slot"
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path, more=[lambda: LoopbackReader(slot)]) as desk:
        yield desk, slot


def test_with_two_readers_the_next_card_is_written_meanwhile(
    two_readers: tuple[DeskAtWork, Path], tmp_path: Path
) -> None:
    desk, slot = two_readers
    numbers = dict(approved(desk) for _ in range(2))
    page, _ = issuing(desk)
    one, two = page.lanes
    for lane in page.lanes:
        desk.until(lambda: page.list.count() > 0)
        desk.press(page.next)
        desk.until(partial(has_application, lane))
    assert one.application is not None
    assert two.application is not None
    assert one.application.id != two.application.id
    desk.insert(tmp_path / "one")
    put_on(slot, tmp_path / "two")
    for lane in page.lanes:
        says(desk, lane, "The card is blank.")
        assert lane.application is not None
        desk.type(lane.number, numbers.get(lane.application.id, "DW-LOST") + "\r")
    for lane in page.lanes:
        sealed(desk, lane)
    timings = [lane.written.timing for lane in page.lanes if lane.written is not None]
    assert len(timings) == 2
    assert page.next.isEnabled()


def test_the_officer_leaves_while_a_card_is_written_and_it_is_gone_on_with_later(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    application, number = approved(desk)
    page, lane = issuing(desk)
    desk.type(page.by_id, "not-an-id\r")
    assert "no identifier" in desk.window.message.text()
    page.by_id.clear()
    desk.type(page.by_id, f"{application}\r")
    desk.until(lambda: has_application(lane))
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    at_step(lane, "Making the sign-in key", desk.remove_officer)
    desk.type(lane.number, number + "\r")
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert "何慧君" not in lane.whose.text()
    desk.until(lambda: not desk.window.workers.busy)
    with desk.city.client("ana") as ana:
        card = ana.application(application).card_uuid
        assert card is not None
        state = ana.card(card).state
    assert state in {CardState.PERSONALISING, CardState.SEALED}  # it was written to its end before that was noticed
    page, lane = issuing(desk)
    says(desk, lane, number)
    if state is CardState.SEALED:
        says(desk, lane, "Its transport PIN is not known here")
    choose(desk, page, application)
    desk.type(lane.number, number + "\r")
    desk.until(lambda: state is CardState.SEALED or lane.written is not None)
    says(desk, lane, "is finished")
    desk.press(lane.face)
    desk.until(lambda: page.face is not None and page.face.isVisible())
    assert page.face is not None
    desk.press(page.face.print)
    face = page.face
    desk.until(lambda: f"card-{number}.pdf" in face.message.text())


def test_in_another_language_the_transport_pin_is_still_known(desk: DeskAtWork, tmp_path: Path) -> None:
    page, lane = issuing(desk)
    written(desk, page, lane, tmp_path / "card")
    window = desk.window
    desk.until(lambda: not window.workers.busy)
    pick(desk, "Language", "Português")
    (again,) = (page for page in window.pages if isinstance(page, IssuingPage))
    says(desk, again.lanes[0], again.words["pin_here"])


def test_esc_does_not_leave_the_citizens_window_alone(desk: DeskAtWork, tmp_path: Path) -> None:
    page, lane = issuing(desk)
    written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    QTest.keyClick(handing, Qt.Key.Key_Escape)
    assert handing.isVisible()
    desk.remove_officer()
    desk.until(lambda: page.handing is None and not citizen.isVisible())


def test_who_collected_a_card_is_said_as_it_is_on_record_where_an_earlier_try_was_not_waited_for(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    """The window said that it is on record who collected it, and on record was the holder."""
    page, lane = issuing(desk)
    application = written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    with desk.city.client("ana") as ana:
        ana.deliver(handing.card.uuid)
    QTest.keyClick(handing.by_proxy, Qt.Key.Key_Space)
    desk.type(handing.name, "He Daming")
    desk.type(handing.document, "m7654321")
    desk.press(handing.confirm)
    desk.until(lambda: "on record is that its holder collected it" in handing.message.text())
    assert (handing.holder.isChecked(), handing.by_proxy.isChecked()) == (True, False)
    assert (handing.confirm.isEnabled(), handing.name.isEnabled(), handing.set_pin.isEnabled()) == (False, False, True)
    with desk.city.client("ana") as ana:
        assert list(ana.documents(application)) == []


def test_esc_does_not_leave_a_hand_over_that_nobody_knows_of_yet(
    desk: DeskAtWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of it was told to a window that had gone."""
    page, lane = issuing(desk)
    written(desk, page, lane, tmp_path / "card")
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    answer = threading.Event()

    def late(*given: Any) -> Card:
        answer.wait(60)
        return hand_over(*given)

    monkeypatch.setattr("kiosk.desk.windows.hand_over.hand_over", late)
    try:
        desk.press(handing.confirm)
        QTest.keyClick(handing, Qt.Key.Key_Escape)
        assert handing.isVisible()
    finally:
        answer.set()
    desk.until(handing.set_pin.isEnabled)
    QTest.keyClick(handing, Qt.Key.Key_Escape)
    desk.until(lambda: page.handing is None)


def test_while_a_card_is_taken_from_stock_its_reader_is_given_to_no_other_application(
    desk: DeskAtWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wrote the card of the first while the name of the second was shown."""
    first, number = approved(desk)
    with desk.city.client("ana") as ana:
        second = ana.create_application(MEI).id
    page, lane = issuing(desk)
    choose(desk, page, first)
    desk.insert(tmp_path / "card")
    says(desk, lane, "The card is blank.")
    whose, asked, answer = lane.whose.text(), threading.Event(), threading.Event()

    def slowly(*given: Any) -> Card:
        asked.set()
        answer.wait()
        return take_card(*given)

    monkeypatch.setattr("kiosk.desk.windows.lane.take_card", slowly)
    desk.type(lane.number, number + "\r")
    desk.until(asked.is_set)
    desk.type(page.by_id, f"{second}\r")
    desk.until(lambda: page.words["readers_busy"] in desk.window.message.text())
    answer.set()
    sealed(desk, lane)
    assert (lane.application and lane.application.id, lane.whose.text()) == (first, whose)
    with desk.city.client("ana") as ana:
        assert ana.application(first).state is ApplicationState.PRODUCED
        assert ana.application(second).card_uuid is None


@pytest.mark.parametrize("name", ["card-CC-0000-0001.pdf", ".card-CC-0000-0001.pdf.1a2b3c4d"], ids=["whole", "begun"])
def test_no_picture_of_a_card_stays_from_a_desk_that_was_switched_off(desk: DeskAtWork, name: str) -> None:
    left = desk.window.equipment.folder / name
    left.write_bytes(b"%PDF")
    desk.sign_in("ana")
    desk.until(lambda: not left.exists())


def focused(desk: DeskAtWork) -> QWidget:
    widget = desk.window.focusWidget()
    assert widget is not None
    return widget


def test_the_keyboard_stays_with_the_card_and_a_refused_one_is_gone_on_with(desk: DeskAtWork, tmp_path: Path) -> None:
    """From the number to the hand-over with Enter and Ctrl+W, wherever the keyboard is."""
    application, number = approved(desk)
    page, lane = issuing(desk)
    choose(desk, page, application)
    desk.until(lambda: focused(desk) is lane.number)
    desk.insert(desk.city.cards["bo"].state)
    says(desk, lane, "Take it out.")
    desk.type(focused(desk), number + "\r")
    desk.until(lambda: "Nothing was written" in lane.pulled.text())
    assert "was issued before" in desk.window.message.text()
    desk.remove()
    desk.insert(tmp_path / "card")
    says(desk, lane, f"The card is blank. If {number} is printed on it, press “Go on”.")
    assert lane.isAncestorOf(focused(desk))
    at_step(lane, "Making the tap key", lambda: desk.type(focused(desk), "\r"))  # which stops nothing
    QTest.keyClick(focused(desk), Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    sealed(desk, lane)
    assert desk.window.message.text() == ""
    desk.until(lambda: focused(desk) is lane.hand)
    desk.type(focused(desk), "\r")
    desk.until(lambda: page.handing is not None and page.handing.isVisible())
    assert page.handing is not None
    QTest.keyClick(page.handing, Qt.Key.Key_Escape)
