"""Blank cards: what is there, deliveries, counting, and handing over."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import Card
from cardsvc.wire.scopes import Scope
from cardsvc.wire.stock import Batch, BatchRequest, StockCard
from kiosk.desk.intents import means
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.stock import SerialsMalformed, by_custodian, by_state, cleaned, read_serials, size_of
from kiosk.desk.windows.counting import CountingTab
from kiosk.desk.windows.fields import button, choose, fill, named_form, reading_table, text_label
from kiosk.desk.windows.handing import HandingTab
from kiosk.desk.windows.page import Page, Surroundings

_COLUMNS: Final = ("number", "state", "office", "custodian")


class StockPage(Page):
    """Four tabs, each with a key of its own."""

    group = "stock"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.list = ListTab(self)
        self.receipt = ReceiptTab(self)
        self.counting = CountingTab(self)
        self.handing = HandingTab(self)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.words["title"])
        for number, (key, tab) in enumerate(self._tabs(), 1):
            self.tabs.addTab(tab, self.words[key])
            self.tabs.setTabToolTip(number - 1, f"Ctrl+{number}")
            turn = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            turn.setWhatsThis(self.words[key])
            turn.activated.connect(partial(self._turn_to, number - 1))
        self.tabs.currentChanged.connect(lambda _: self.shown())
        QVBoxLayout(self).addWidget(self.tabs)

    def _turn_to(self, number: int) -> None:
        """By its key, which brings the keyboard to its first field."""
        self.tabs.setCurrentIndex(number)
        fields = self.tabs.currentWidget().findChildren(QLineEdit)
        field = next((one for one in fields if one.isVisible() and one.isEnabled()), None)
        if field is not None:
            field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tabs(self) -> list[tuple[str, QWidget]]:
        return [
            ("list", self.list),
            ("receipt", self.receipt),
            ("count", self.counting),
            ("hand_over", self.handing),
        ]

    def begin(self, on_duty: OnDuty) -> None:
        super().begin(on_duty)
        self.counting.begin()

    def shown(self) -> None:
        keeps = self.may(Scope.STOCK_WRITE)
        self.tabs.setTabVisible(1, keeps)
        self.tabs.setTabVisible(2, keeps)
        if self.officer is None:
            return
        if self.tabs.currentWidget() is self.list:
            self.list.refresh()
        elif self.tabs.currentWidget() is self.handing:
            self.handing.refresh()

    def first(self) -> QWidget:
        return self.tabs

    def resumed(self) -> None:
        self.shown()

    def end(self) -> None:
        super().end()
        for tab in (self.list, self.receipt, self.counting, self.handing):
            tab.clear()


class ListTab(QWidget):
    """What is on the books, where, and who answers for it; spoilt cards are put aside here."""

    def __init__(self, page: StockPage) -> None:
        super().__init__()
        self.page, self.words = page, page.words
        self.cards: list[StockCard] = []
        self._asked: tuple[str | None, str | None] = (None, None)
        self.office, self.custodian, self.reason = QLineEdit(), QLineEdit(), QLineEdit()
        self.reason.setMaxLength(200)
        for field in (self.office, self.custodian):
            field.returnPressed.connect(self.refresh)
        self.table = reading_table(self.words["list"], [self.words[column] for column in _COLUMNS])
        self.summary = text_label()
        self.spoil = button(self.words["spoil"], self._spoil, "Ctrl+Shift+P")
        again = button(self.words["refresh"], self.refresh, "F5")
        buttons = QHBoxLayout()
        for one in (self.spoil, again):
            buttons.addWidget(one)
        layout = QVBoxLayout(self)
        layout.addLayout(named_form([(self.words[key], getattr(self, key)) for key in ("office", "custodian")]))
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addLayout(named_form([(self.words["reason"], self.reason)]))
        layout.addLayout(buttons)

    def clear(self) -> None:
        """Nobody is on duty."""
        self._show([])
        for field in (self.office, self.custodian, self.reason):
            field.clear()

    def refresh(self) -> None:
        """Ask the service again. An answer to an earlier question that comes later is not shown."""
        office, custodian = (field.text().strip() or None for field in (self.office, self.custodian))
        asked = (office, custodian)
        self._asked = asked

        def show(cards: list[StockCard]) -> None:
            if self._asked == asked:
                self._show(cards)

        self.page.work(lambda officer, _: list(officer.stock(office, custodian)), show, about="stock")

    def _show(self, cards: list[StockCard]) -> None:
        row = self.table.currentRow()
        chosen = self.cards[row].uuid if 0 <= row < len(self.cards) else None
        self.cards = cards
        states = self.page.around.words["failures"]["states"]
        rows = [(one.stock_number, states[one.state], one.office or "–", one.custodian or "–") for one in cards]
        fill(self.table, rows)
        choose(self.table, [one.uuid for one in cards], chosen)
        counted = [f"{states[state]}: {count}" for state, count in by_state(cards)]
        held = [f"{officer}: {count}" for officer, count in by_custodian(cards)]
        summary = self.words["summary" if cards else "none"]
        self.summary.setText(summary.format(len(cards), ", ".join(counted), ", ".join(held)))

    def _spoil(self) -> None:
        row, reason = self.table.currentRow(), self.reason.text().strip()
        if not 0 <= row < len(self.cards) or not reason:
            self.page.around.say(self.words["choose_to_spoil"])
            return
        card = self.cards[row]
        intent = means("spoil", card.uuid, [card.stock_number], fields=reason)
        self.page.act(intent, lambda officer: officer.spoil(card.uuid, reason), self._spoilt)

    def _spoilt(self, card: Card) -> None:
        self.reason.clear()
        self.page.around.say(self.words["spoilt"].format(card.stock_number))
        self.refresh()


class ReceiptTab(QWidget):
    """A delivery: from the first to the last printed number, with the supplier's list of serials where there is one."""

    def __init__(self, page: StockPage) -> None:
        super().__init__()
        self.page, self.words = page, page.words
        self.first, self.last, self.office, self.delivery = (QLineEdit() for _ in range(4))
        self.serials = QPlainTextEdit()
        self.serials.setTabChangesFocus(True)
        self.serials.setPlaceholderText(self.words["serials_hint"])
        self.how_many = text_label()
        self.take_in = button(self.words["take_in"], self._take_in, "Ctrl+Return")
        self.take_in.setProperty("role", "main")
        for field in (self.first, self.last):
            field.textChanged.connect(self._show_size)
        rows = ("first", "last", "office", "delivery", "serials")
        layout = QVBoxLayout(self)
        layout.addLayout(named_form([(self.words[key], getattr(self, key)) for key in rows]))
        layout.addWidget(self.how_many)
        layout.addWidget(self.take_in)
        layout.addStretch()
        self._show_size()

    def clear(self) -> None:
        """It was taken in, or nobody is on duty."""
        for field in (self.first, self.last, self.office, self.delivery):
            field.clear()
        self.serials.clear()

    def _show_size(self) -> None:
        count = size_of(cleaned(self.first.text()), cleaned(self.last.text()))
        empty = not (self.first.text() or self.last.text())
        text = self.words["no_range"] if count is None else self.words["size"].format(count)
        self.how_many.setText("" if empty else text)
        self.take_in.setEnabled(count is not None)

    def _take_in(self) -> None:
        try:
            serials = read_serials(self.serials.toPlainText())
        except SerialsMalformed as error:
            self.page.fail(error)
            return
        told = {
            "first": cleaned(self.first.text()),
            "last": cleaned(self.last.text()),
            "office": self.office.text().strip() or None,
            "delivery": self.delivery.text().strip() or None,
            "serials": serials,
        }

        def steps(officer: ServiceClient) -> Batch:
            return officer.receive_stock(BatchRequest.model_validate(told))

        self.take_in.setEnabled(False)
        intent = means("receive", ("delivery", told["first"], told["last"]), fields=repr(told))
        self.page.act(intent, steps, self._taken_in, failed=self._failed)

    def _failed(self, error: Exception) -> None:
        self._show_size()
        self.page.fail(error)

    def _taken_in(self, batch: Batch) -> None:
        self.clear()
        self.first.setFocus()
        self.page.around.say(self.words["taken_in"].format(batch.count, batch.first, batch.last))
