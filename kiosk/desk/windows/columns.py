"""Columns of a table that are as wide as what is in them, and rows as high, whenever that changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView

_LOOKS = (QEvent.Type.FontChange, QEvent.Type.StyleChange)


class Columns(QHeaderView):
    """Qt measures again when a cell changes; not when rows come, and not when letters grow."""

    def __init__(self, table: QTableView, widest: int | None = None) -> None:
        """Over a table that has its model. The ``widest`` takes the room that is left, and else the last one."""
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table, self._widest = table, widest
        self._soon = QTimer(self, singleShot=True, interval=0)
        """A table is filled row by row."""
        self._soon.timeout.connect(self._fit)
        table.setHorizontalHeader(self)
        self._fit()
        table.model().rowsInserted.connect(self._soon.start)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._stretch()

    @Slot()
    def _fit(self) -> None:
        """Saying so again makes it measure."""
        for header in (self, self._table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._stretch()

    def _stretch(self) -> None:
        """The last column gets what is left, and never less than it takes: then it is scrolled to."""
        if self._widest is None:
            needed = [self._needed(column) for column in range(self.count())]
            self.setStretchLastSection(sum(needed) <= self.width())
        elif self.count():
            self.setSectionResizeMode(self._widest, QHeaderView.ResizeMode.Stretch)

    def _needed(self, column: int) -> int:
        return max(self.sectionSizeHint(column), self._table.sizeHintForColumn(column))
