"""Blank cards at the desk's window: taken in, counted, spoilt, and handed to a colleague."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QTableWidget

from cardsvc.wire.stock import HandOverRequest, StockCard
from kiosk.city.issuing import RESIDENT, enrol
from kiosk.desk.windows.stock import StockPage
from tests.fixtures.desk_city import DeskAtWork
from tests.fixtures.desk_menu import pick

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@dataclass
class AtTheStock:
    """Ana at the page of blank cards."""

    desk: DeskAtWork
    page: StockPage

    def turns_to(self, number: int) -> None:
        QTest.keyClick(self.desk.window, Qt.Key(Qt.Key.Key_0.value + number), CONTROL)
        self.desk.until(lambda: self.page.tabs.currentIndex() == number - 1)

    def says(self, text: str) -> None:
        message = self.desk.window.message
        self.desk.until(lambda: text in message.text())

    def takes_in(self, first: str, last: str, office: str) -> None:
        tab = self.page.receipt
        self.turns_to(2)
        for field, text in ((tab.first, first), (tab.last, last), (tab.office, office), (tab.delivery, "D-7")):
            self.desk.type(field, text)
        self.desk.press(tab.take_in)
        self.says("You answer for them.")

    def books(self, office: str) -> list[StockCard]:
        with self.desk.city.client("bo") as bo:
            return list(bo.stock(office))

    def choose(self, table: QTableWidget, row: int) -> None:
        item = table.item(row, 0)
        assert item is not None
        at = table.visualItemRect(item).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))


@pytest.fixture
def stock(desk: DeskAtWork) -> AtTheStock:
    desk.sign_in("ana")
    (page,) = [page for page in desk.window.pages if isinstance(page, StockPage)]
    number = Qt.Key(Qt.Key.Key_1.value + desk.window.pages.index(page))
    QTest.keyClick(desk.window, number, Qt.KeyboardModifier.AltModifier)
    desk.until(page.isVisible)
    return AtTheStock(desk, page)


def rows(table: QTableWidget) -> list[list[str]]:
    return [
        [item.text() for column in range(table.columnCount()) if (item := table.item(row, column)) is not None]
        for row in range(table.rowCount())
    ]


def texts(shown: QListWidget) -> list[str]:
    return [shown.item(row).text() for row in range(shown.count())]


def test_a_delivery_is_taken_in_with_serials_and_a_spoilt_card_put_aside(stock: AtTheStock) -> None:
    tab, desk = stock.page.receipt, stock.desk
    stock.turns_to(2)
    desk.type(tab.first, "HA-000001")
    desk.type(tab.last, "HB-000003")
    assert "no range" in tab.how_many.text()
    assert not tab.take_in.isEnabled()
    tab.last.selectAll()
    desk.type(tab.last, "HA-000003")
    assert tab.how_many.text() == "3 cards"
    desk.type(tab.office, "harbour")
    desk.type(tab.serials, "HA-000001 04AF12\rHA-000002")
    desk.press(tab.take_in)
    stock.says("Line 2 of the serial numbers")
    desk.type(tab.serials, " 04AF13")
    desk.press(tab.take_in)
    stock.says("3 cards are in stock, from HA-000001 to HA-000003")

    stock.turns_to(1)
    listed = stock.page.list
    desk.type(listed.office, "harbour\r")
    in_harbour = [f"HA-00000{number}" for number in (1, 2, 3)]  # and not what was listed before
    desk.until(lambda: [row[0] for row in rows(listed.table)] == in_harbour)
    assert rows(listed.table)[0] == ["HA-000001", "in stock", "harbour", "ana"]
    assert "Answered for by: ana: 3" in listed.summary.text()
    desk.press(listed.spoil)
    stock.says("Choose a card in the list")
    stock.choose(listed.table, 1)
    desk.type(listed.reason, "misprinted")
    desk.press(listed.spoil)
    stock.says("Card HA-000002 is put aside.")
    assert {card.stock_number: card.state for card in stock.books("harbour")}["HA-000002"] == "quarantined"


def test_a_count_shows_what_is_missing_and_too_much_and_is_sent(stock: AtTheStock) -> None:
    stock.takes_in("HC-000001", "HC-000003", "cellar")
    stock.turns_to(3)
    tab, desk = stock.page.counting, stock.desk
    assert not tab.scan.isEnabled()
    desk.type(tab.office, "cellar\r")
    desk.until(tab.scan.isEnabled)
    assert texts(tab.missing) == ["HC-000001", "HC-000002", "HC-000003"]
    for number, said in (
        ("hc-000001", "is here. Seen: 1"),
        ("HC-000001", "was scanned before"),
        ("HZ-000009", "is not on the books"),
        ("HC-000003", "is here. Seen: 3"),
    ):
        desk.type(tab.scan, number + "\r")
        assert said in tab.status.text()
    assert (texts(tab.missing), texts(tab.unexpected)) == (["HC-000002"], ["HZ-000009"])
    desk.press(tab.send)
    stock.says("On the books: 3. Seen: 3. Missing: HC-000002. Too much: HZ-000009")
    assert not tab.scan.isEnabled()


def test_a_count_goes_on_after_a_lock_and_in_another_language_and_is_nobody_elses(stock: AtTheStock) -> None:
    stock.takes_in("HI-000001", "HI-000003", "attic")
    stock.turns_to(3)
    desk = stock.desk
    desk.type(stock.page.counting.office, "attic\r")
    desk.until(stock.page.counting.scan.isEnabled)
    desk.type(stock.page.counting.scan, "HI-000001\rHI-000002\r")
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    tab = stock.page.counting
    assert (tab.office.text(), texts(tab.missing)) == ("", [])

    desk.sign_in("bo")
    assert (tab.office.text(), tab.scan.isEnabled(), texts(tab.missing)) == ("", False, [])
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)

    desk.sign_in("ana")
    assert tab.status.text() == "The count that you began at attic goes on. Seen: 2."
    desk.until(lambda: not desk.window.workers.busy)
    pick(desk, "Language", "Português")
    (page,) = [page for page in desk.window.pages if isinstance(page, StockPage)]
    tab = page.counting
    assert (tab.office.text(), texts(tab.missing)) == ("attic", ["HI-000003"])
    QTest.keyClick(desk.window, Qt.Key(Qt.Key.Key_1.value + desk.window.pages.index(page)), ALT)
    QTest.keyClick(desk.window, Qt.Key.Key_3, CONTROL)
    desk.type(tab.scan, "HI-000003\r")
    desk.press(tab.send)
    desk.until(lambda: not tab.scan.isEnabled())
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    desk.sign_in("ana")
    assert not tab.scan.isEnabled()  # it was sent


def test_cards_are_offered_to_a_colleague_taken_back_and_accepted(stock: AtTheStock) -> None:
    stock.takes_in("HD-000001", "HD-000002", "quay")
    stock.turns_to(4)
    tab, desk = stock.page.handing, stock.desk
    desk.type(tab.to, "bo")
    desk.type(tab.numbers, "hd-000001 HD-000002")
    desk.press(tab.offer)
    stock.says("Offered to bo: cards 2, applications 0.")
    desk.until(lambda: tab.table.rowCount() == 1)
    stock.choose(tab.table, 0)
    assert (tab.decline.text(), tab.accept.isEnabled()) == ("Take back", False)
    assert tab.numbers_of_chosen.text() == "HD-000001, HD-000002"
    QTest.keyClick(desk.window, Qt.Key.Key_D, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    stock.says("Taken back.")
    desk.until(lambda: tab.table.rowCount() == 0)

    with desk.city.client("bo") as bo:
        bo.add_stock("HE-000001", "quay")
        bo.hand_over(HandOverRequest(to="ana", stock_numbers=["HE-000001"]))
    QTest.keyClick(desk.window, Qt.Key.Key_F5)
    desk.until(lambda: tab.table.rowCount() == 1)
    stock.choose(tab.table, 0)
    assert tab.accept.isEnabled()
    assert tab.numbers_of_chosen.text() == ""  # whoever counts is not told how many there are
    desk.press(tab.accept)
    stock.says("You counted something else than what was offered.")
    tab.cards.selectAll()
    desk.type(tab.cards, "1")
    desk.press(tab.accept)
    stock.says("Taken over from bo: cards 1, applications 0.")
    assert {card.stock_number: card.custodian for card in stock.books("quay")}["HE-000001"] == "ana"


def test_a_whole_shift_goes_to_a_colleague_with_its_applications(stock: AtTheStock) -> None:
    with stock.desk.city.client("ana") as ana:
        application = enrol(ana, RESIDENT)
    stock.takes_in("HG-000001", "HG-000002", "gate")
    stock.turns_to(4)
    tab, desk = stock.page.handing, stock.desk
    desk.type(tab.to, "bo")
    QTest.keyClick(tab.shift, Qt.Key.Key_Space)
    assert not tab.numbers.isEnabled()
    desk.press(tab.offer)
    stock.says("Offered to bo: cards ")
    assert not tab.shift.isChecked()  # the next offer is not of a whole shift, too
    with desk.city.client("bo") as bo:
        (offered,) = [one for one in bo.hand_overs() if one.from_officer == "ana"]
        assert {"HG-000001", "HG-000002"} <= set(offered.stock_numbers)
        bo.accept_hand_over(offered.id, len(offered.stock_numbers), len(offered.application_ids))
        assert bo.application(application).responsible == "bo"
    assert {card.custodian for card in stock.books("gate")} == {"bo"}


def test_whoever_leaves_leaves_nothing_of_it_on_the_screen(stock: AtTheStock) -> None:
    stock.takes_in("HF-000001", "HF-000001", "pier")
    stock.turns_to(1)
    listed = stock.page.list
    stock.desk.type(listed.office, "pier\r")
    stock.desk.until(lambda: listed.table.rowCount() == 1)
    stock.desk.remove_officer()
    stock.desk.until(lambda: listed.table.rowCount() == 0)
    assert listed.office.text() == ""
