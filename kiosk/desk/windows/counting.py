"""A stock-take: every card is scanned, and what is missing or too much is seen while one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from cardsvc.wire.stock import StockCard, StockCount
from kiosk.desk.intents import means
from kiosk.desk.stock import Count
from kiosk.desk.windows.fields import button, named_form, text_label

if TYPE_CHECKING:
    from kiosk.desk.windows.stock import StockPage


class CountingTab(QWidget):
    """Begin with an office, scan, send."""

    def __init__(self, page: StockPage) -> None:
        super().__init__()
        self.page, self.words = page, page.words
        self.count: Count | None = None
        self.office, self.scan = QLineEdit(), QLineEdit()
        self.office.returnPressed.connect(self._begin)
        self.scan.returnPressed.connect(self._scan)
        self.status = text_label()
        self.missing, self.unexpected = QListWidget(), QListWidget()
        self.start = button(self.words["begin_count"], self._begin, "Ctrl+Shift+B")
        self.back = button(self.words["take_back"], self._take_back, "Ctrl+Backspace")
        self.send = button(self.words["send_count"], self._send, "Ctrl+Return")
        self._build()
        self.clear()

    def _build(self) -> None:
        lists = QHBoxLayout()
        for key, shown in (("missing", self.missing), ("unexpected", self.unexpected)):
            side = QVBoxLayout()
            title = text_label(self.words[key])
            title.setBuddy(shown)
            shown.setAccessibleName(self.words[key])
            side.addWidget(title)
            side.addWidget(shown)
            lists.addLayout(side)
        buttons = QHBoxLayout()
        for one in (self.start, self.back, self.send):
            buttons.addWidget(one)
        layout = QVBoxLayout(self)
        layout.addLayout(named_form([(self.words["office"], self.office), (self.words["scan"], self.scan)]))
        layout.addWidget(self.status)
        layout.addLayout(lists, 1)
        layout.addLayout(buttons)

    def begin(self) -> None:
        """An officer has come: whatever they were counting goes on."""
        count = self.page.around.equipment.counts.get(self.page.me)
        if count is not None:
            self.count = count
            self.office.setText(count.office)
            self.status.setText(self.words["count_goes_on"].format(count.office, len(count.seen)))
            self._show()

    def clear(self) -> None:
        """Nothing is being counted here. What is not sent is kept for its officer, and for nobody else."""
        self.count = None
        self.office.clear()
        self.scan.clear()
        self.status.setText(self.words["count_hint"])
        self._show()

    def _begin(self) -> None:
        office = self.office.text().strip()
        if not office:
            self.office.setFocus()
            self.page.around.say(self.words["count_hint"])
        else:
            self.page.work(lambda officer, _: list(officer.stock(office)), lambda books: self._begun(office, books))

    def _begun(self, office: str, books: list[StockCard]) -> None:
        self.count = Count.of(office, books)
        self.page.around.equipment.counts[self.page.me] = self.count
        self.page.touch(("office", office))  # which is another count, though it may come out alike
        self.status.setText(self.words["expected" if books else "no_books"].format(len(books), office))
        self._show()
        self.scan.setFocus()

    def _scan(self) -> None:
        if self.count is None:
            return
        typed = self.scan.text()
        self.scan.clear()
        result = self.count.scan(typed)
        self.status.setText(self.words["scanned"][result].format(typed.strip().upper(), len(self.count.seen)))
        self._show()

    def _take_back(self) -> None:
        taken = None if self.count is None else self.count.take_back()
        if taken is not None:
            self.status.setText(self.words["taken_back"].format(taken))
            self._show()

    def _show(self) -> None:
        counting = self.count is not None
        for widget in (self.scan, self.back, self.send):
            widget.setEnabled(counting)
        for shown, numbers in (
            (self.missing, self.count.missing if self.count else []),
            (self.unexpected, self.count.unexpected if self.count else []),
        ):
            shown.clear()
            shown.addItems(numbers)

    def _send(self) -> None:
        count = self.count
        if count is not None:
            self.send.setEnabled(False)
            seen = tuple(count.seen)
            self.page.act(
                means("count", ("office", count.office), fields=seen),
                lambda officer: officer.count_stock(count.office, seen),
                self._sent,
                failed=self._failed,
            )

    def _failed(self, error: Exception) -> None:
        self.send.setEnabled(True)
        self.page.fail(error)

    def _sent(self, result: StockCount) -> None:
        self.page.around.equipment.counts.pop(self.page.me, None)
        self.clear()
        told = ", ".join(result.missing) or "–", ", ".join(result.unexpected) or "–"
        self.page.around.say(self.words["counted"].format(result.expected, result.seen, *told))
