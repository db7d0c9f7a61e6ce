"""Handing over: cards or a whole shift to a colleague, who counts before they accept."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QSpinBox, QVBoxLayout, QWidget

from cardsvc.wire.stock import HandOver, HandOverRequest
from kiosk.desk.intents import means
from kiosk.desk.stock import Offers, between, read_numbers
from kiosk.desk.windows.fields import button, choose, fill, named_form, reading_table, text_label

if TYPE_CHECKING:
    from kiosk.desk.windows.stock import StockPage

_DECLINE: Final = "Ctrl+Shift+D"
_COLUMNS: Final = ("from", "to", "cards", "applications", "since")


class HandingTab(QWidget):
    """What waits for the officer, what they offered, and an offer of their own."""

    def __init__(self, page: StockPage) -> None:
        super().__init__()
        self.page, self.words = page, page.words
        self.rows: list[HandOver] = []
        self.offers = Offers()
        self.table = reading_table(self.words["open_hand_overs"], [self.words[column] for column in _COLUMNS])
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.numbers_of_chosen = text_label()
        self.cards, self.applications = QSpinBox(), QSpinBox()
        for box in (self.cards, self.applications):
            box.setRange(0, 100_000)
        self.accept = button(self.words["accept"], self._accept, "Ctrl+Shift+A")
        self.decline = button(self.words["decline"], self._decline, _DECLINE)
        self.to, self.office = QLineEdit(), QLineEdit()
        self.numbers = QPlainTextEdit()
        self.numbers.setTabChangesFocus(True)
        self.shift = QCheckBox(self.words["shift"])
        self.shift.toggled.connect(self.numbers.setDisabled)
        self.offer = button(self.words["offer"], self._offer, "Ctrl+Return")
        self._build()
        self._show_chosen()

    def _build(self) -> None:
        title = text_label(self.words["open_hand_overs"])
        title.setBuddy(self.table)
        deciding = QHBoxLayout()
        for one in (self.accept, self.decline, button(self.words["refresh"], self.refresh, "F5")):
            deciding.addWidget(one)
        counted = [(self.words["counted_cards"], self.cards), (self.words["counted_applications"], self.applications)]
        offering = [("to_colleague", self.to), ("to_office", self.office), ("numbers", self.numbers)]
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.numbers_of_chosen)
        layout.addLayout(named_form(counted))
        layout.addLayout(deciding)
        layout.addLayout(named_form([(self.words[key], field) for key, field in offering]))
        layout.addWidget(self.shift)
        layout.addWidget(self.offer)

    def clear(self) -> None:
        """Nobody is on duty."""
        self._show([])
        for field in (self.to, self.office):
            field.clear()
        self.numbers.clear()
        self.shift.setChecked(False)

    def refresh(self) -> None:
        """Ask the service again."""
        self.page.work(lambda officer, _: list(officer.hand_overs()), self._show, about="hand-overs")

    def _show(self, rows: list[HandOver]) -> None:
        chosen = self._chosen()
        counted = self.cards.value(), self.applications.value()
        self.rows = rows
        self.offers.are_shown(rows)
        texts = [
            (
                row.from_officer,
                row.to_officer,
                str(len(row.stock_numbers)),
                str(len(row.application_ids)),
                f"{row.offered_at.astimezone():%Y-%m-%d %H:%M}",
            )
            for row in rows
        ]
        fill(self.table, texts)
        choose(self.table, [row.id for row in rows], None if chosen is None else chosen.id)
        self._show_chosen()
        again = self._chosen()
        if chosen is not None and again is not None and again.id == chosen.id:
            self.cards.setValue(counted[0])
            self.applications.setValue(counted[1])

    def _chosen(self) -> HandOver | None:
        row = self.table.currentRow()
        return self.rows[row] if 0 <= row < len(self.rows) else None

    def _show_chosen(self) -> None:
        chosen = self._chosen()
        for_me = chosen is not None and chosen.to_officer == self.page.me
        # How many there are is not said to whoever is to count them.
        shown = chosen is not None and not for_me
        self.numbers_of_chosen.setText(", ".join(chosen.stock_numbers) if chosen is not None and shown else "")
        self.accept.setEnabled(for_me)
        self.decline.setEnabled(chosen is not None)
        self.decline.setText(self.words["decline" if for_me or chosen is None else "withdraw"])
        self.decline.setShortcut(_DECLINE)  # which another text takes away
        for box in (self.cards, self.applications):
            box.setEnabled(for_me)
            box.setValue(0)

    def _accept(self) -> None:
        chosen, cards, applications = self._chosen(), self.cards.value(), self.applications.value()
        if chosen is not None:
            self.page.act(
                means("accept", chosen.id, _about(chosen), fields=(cards, applications)),
                lambda officer: officer.accept_hand_over(chosen.id, cards, applications),
                lambda done: self._settled("accepted", done),
            )

    def _decline(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.page.act(
                means("decline", chosen.id, _about(chosen)),
                lambda officer: officer.decline_hand_over(chosen.id),
                lambda done: self._settled(done.state.value, done),
            )

    def _offer(self) -> None:
        shift = self.shift.isChecked()
        numbers = [] if shift else read_numbers(self.numbers.toPlainText())
        to = self.to.text().strip()
        told = {
            "to": to,
            "office": self.office.text().strip() or None,
            "stock_numbers": numbers,
            "shift": shift,
        }
        if not to:
            self.to.setFocus()
            return
        self.page.act(
            self.offers.intended(self.page.me, to, numbers, repr(told)),
            lambda officer: officer.hand_over(HandOverRequest.model_validate(told)),
            lambda done: self._settled("offered", done),
        )

    def _settled(self, outcome: str, done: HandOver) -> None:
        counts = len(done.stock_numbers), len(done.application_ids)
        sentence = self.words["outcomes"][outcome]
        self.page.around.say(sentence.format(done.from_officer, done.to_officer, *counts))
        if outcome == "offered":
            self.numbers.clear()
            self.shift.setChecked(False)
        self.refresh()


def _about(chosen: HandOver) -> list[Hashable]:
    """All that goes from one to the other by it, and who they are: the cards of a whole shift nobody names."""
    return [between(chosen.from_officer, chosen.to_officer), *chosen.stock_numbers, *chosen.application_ids]
