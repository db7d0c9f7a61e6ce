"""What several pages are built of: facts to read, and an act that is shown before it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kiosk.desk.windows.label import Label
from kiosk.desk.words import Words


def button(text: str, key: str, pressed: Callable[[], object]) -> QPushButton:
    """A button that names its key: ``Approve (F6)``."""
    made = QPushButton(f"{text} ({key})")
    made.setAccessibleName(text)
    made.setShortcut(key)  # after the text, which would set another
    made.setAutoDefault(True)
    made.clicked.connect(lambda _checked: pressed())
    return made


def forget_typed(page: QWidget) -> None:
    """What a field of the page had before it was cleared does not come back by undoing (Ctrl+Z)."""
    for field in page.findChildren(QLineEdit):
        field.setText(field.text())


def mark(field: QWidget, *, wrong: bool) -> None:
    """What has to be mended has another edge; what is wrong stands beside it in words."""
    if field.property("wrong") is not wrong:
        field.setProperty("wrong", wrong)
        field.style().unpolish(field)
        field.style().polish(field)


class Facts(QWidget):
    """Titles and values below each other; they can be selected and copied."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._rows = QFormLayout(self)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._values: dict[str, QLabel] = {}

    def show_these(self, facts: Iterable[tuple[str, str]]) -> None:
        """Instead of those before. Empty values are left out."""
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._values = {}
        for title, value in facts:
            if value:
                self._add(title, value)

    def value(self, title: str) -> str:
        """What stands beside a title."""
        return self._values[title].text()

    def _add(self, title: str, value: str) -> None:
        label = Label(value)
        label.setTextFormat(Qt.TextFormat.PlainText)  # a name is no markup
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setAccessibleName(f"{title}: {value}")
        self._rows.addRow(title, label)
        self._values[title] = label


def fit_height(window: QWidget) -> None:
    """At least as high as what it says now takes at its width: what wraps has no height of its own."""
    layout = window.layout()
    if layout is None or window.isFullScreen() or window.isMaximized():
        return
    layout.activate()
    needed = max(layout.totalHeightForWidth(window.width()), window.minimumSizeHint().height())
    if window.height() < needed:
        window.resize(window.width(), needed)


class Confirm(QFrame):
    """Says what an act will do, asks for a reason where it takes one, and does it on a yes. Part of the page."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["confirm"]
        self.setProperty("role", "panel")
        self.setAccessibleName(self.words["title"])
        self.sentence = Label()
        self.sentence.setWordWrap(True)
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.setAccessibleName(self.words["reason"])
        self.reason.setPlaceholderText(self.words["reason"])
        self.reason.textChanged.connect(self._judge)
        self.reason.returnPressed.connect(self._accept)
        self.yes = button(self.words["yes"], "Ctrl+Return", self._accept)
        self.yes.setProperty("role", "main")
        self.no = button(self.words["no"], "Esc", self.put_away)
        self._go: Callable[[str], object] = lambda _: None
        self._back: QWidget | None = None
        answers = QHBoxLayout()
        answers.addStretch()
        answers.addWidget(self.yes)
        answers.addWidget(self.no)
        layout = QVBoxLayout(self)
        layout.addWidget(self.sentence)
        layout.addWidget(self.reason)
        layout.addLayout(answers)
        self.hide()

    def ask(self, sentence: str, go: Callable[[str], object], *, reason: bool, back: QWidget) -> None:
        """``go`` is called with the reason, or with nothing in it; the keyboard goes ``back`` afterwards."""
        self._go, self._back = go, back
        self.sentence.setText(sentence)
        self.reason.clear()
        self.reason.setVisible(reason)
        self._judge()
        self.show()
        (self.reason if reason else self.yes).setFocus(Qt.FocusReason.OtherFocusReason)

    def put_away(self) -> None:
        """Nothing is done."""
        # Our own ``focusWidget`` would be whoever had it last, for ever.
        had_focus = self.window().focusWidget() in (self.reason, self.yes, self.no)
        self._go = lambda _: None
        self.reason.clear()
        self.hide()
        if had_focus and self._back is not None:
            self._back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _judge(self) -> None:
        self.yes.setEnabled(self.reason.isHidden() or bool(self.reason.text().strip()))

    def _accept(self) -> None:
        if self.yes.isEnabled():
            go, reason = self._go, self.reason.text().strip()
            self.put_away()
            go(reason)
