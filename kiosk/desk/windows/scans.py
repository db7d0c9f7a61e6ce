"""The papers that were scanned, and those that are still needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QFrame, QListWidget, QListWidgetItem, QVBoxLayout

from cardsvc.wire.people import DocumentKind
from kiosk.desk.drafts import Scan
from kiosk.desk.windows.files import FileBox
from kiosk.desk.windows.label import Label
from kiosk.desk.words import Words

_LATER = frozenset({DocumentKind.COLLECTION_RECEIPT})
"""Not at enrolment."""


class ScansPanel(QFrame):
    """Part of the page. Delete takes the chosen scan away."""

    added = Signal(str, Path)
    """With the kind's value."""
    removed = Signal(str)
    """With the name of the file in the draft."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self._kinds = words["document-kinds"]
        self.setAccessibleName(self.words["scans"])
        self.kind = QComboBox()
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setAccessibleName(self.words["scan_kind"])
        for kind in DocumentKind:
            if kind not in _LATER:
                self.kind.addItem(self._kinds[kind.value], kind.value)
        self.file = FileBox(self.words["scan_file"], self.words["browse"], "Ctrl+D", "*.pdf *.jpg *.jpeg *.png")
        self.file.chosen.connect(lambda path: self.added.emit(self.kind.currentData(), path))
        self.list = QListWidget()
        self.list.setAccessibleName(self.words["scans"])
        self.needed = Label()
        self.needed.setWordWrap(True)
        remove = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.setWhatsThis(self.words["scan_remove"])
        remove.activated.connect(self._remove)
        title = Label(self.words["scans"])
        title.setWordWrap(True)
        layout = QVBoxLayout(self)
        for widget in (title, self.kind, self.file, self.list, self.needed):
            layout.addWidget(widget)

    def show_scans(self, scans: Sequence[Scan], lacking: Sequence[DocumentKind]) -> None:
        """What is there, and what is not; the next paper that is needed is chosen."""
        self.list.clear()
        for scan in scans:
            item = QListWidgetItem(f"{self._kinds[scan.kind.value]}: {scan.title}")
            item.setData(Qt.ItemDataRole.UserRole, scan.file)
            self.list.addItem(item)
        names = ", ".join(self._kinds[kind.value] for kind in lacking)
        self.needed.setText(self.words["needed"].format(names) if names else self.words["nothing_needed"])
        if lacking:
            self.kind.setCurrentIndex(self.kind.findData(lacking[0].value))

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.removed.emit(item.data(Qt.ItemDataRole.UserRole))
