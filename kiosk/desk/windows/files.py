"""Where a file is named: typed, or chosen from a list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from kiosk.desk.windows.parts import button


class FileBox(QWidget):
    """Return takes the file whose path is typed."""

    chosen = Signal(Path)

    def __init__(self, name: str, browse: str, key: str, kinds: str) -> None:
        """``kinds`` is what a file dialog shows: ``*.jpg *.png``; ``browse`` is on its button, with its ``key``."""
        super().__init__()
        self._kinds = kinds
        self._title = name
        self.path = QLineEdit()
        self.path.setAccessibleName(name)
        self.path.setPlaceholderText(name)
        self.path.returnPressed.connect(self._take)
        self.browse = button(browse, key, self._browse)
        lines = QVBoxLayout(self)  # a path is long, and so are Portuguese buttons
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self.path)
        lines.addWidget(self.browse, 0, Qt.AlignmentFlag.AlignLeft)

    def _take(self) -> None:
        typed = self.path.text().strip()
        self.path.clear()
        if typed:
            self.chosen.emit(Path(typed).expanduser())

    def _browse(self) -> None:
        dialog = QFileDialog(self, self._title, "", self._title + f" ({self._kinds})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.chosen.emit(Path(path)))
        dialog.open()
