"""F1: every key that does something now, and what it does. It is read off the window, so none can be missing."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QDialog, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from kiosk.desk.windows.columns import Columns
from kiosk.desk.words import Words


def keys_of(window: QWidget) -> dict[str, str]:
    """What each key does, by the key as people write it."""
    return dict(sorted(_keys(window)))


def _keys(window: QWidget) -> Iterator[tuple[str, str]]:
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and not button.shortcut().isEmpty():
            yield _written(button.shortcut()), _plain(button.text() or button.accessibleName())
    for action in window.findChildren(QAction):
        for key in action.shortcuts():
            yield _written(key), _plain(action.text())
    for shortcut in window.findChildren(QShortcut):
        owner = shortcut.parent()
        if isinstance(owner, QWidget) and owner.isVisible():
            yield _written(shortcut.key()), shortcut.whatsThis()


def _written(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)


def _plain(text: str) -> str:
    return text.replace("&", "")


class KeysWindow(QDialog):
    """The list. The officer can go on working beside it; Esc closes it."""

    def __init__(self, window: QWidget, words: Words) -> None:
        super().__init__(window)
        texts = words["window"]
        self.setWindowTitle(texts["keys"])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keys = keys_of(window)
        self.table = QTableWidget(len(keys), 2)
        self.table.setAccessibleName(texts["keys"])
        self.table.setHorizontalHeaderLabels([texts["key"], texts["does"]])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        for row, (key, does) in enumerate(keys.items()):
            self.table.setItem(row, 0, QTableWidgetItem(key))
            self.table.setItem(row, 1, QTableWidgetItem(does))
        Columns(self.table)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        self.resize(window.size() * 0.5)
