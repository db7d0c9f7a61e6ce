"""Small things that several pages put together: fields with names, buttons with keys, tables that are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from kiosk.desk.windows.columns import Columns
from kiosk.desk.windows.label import Label


def named_form(rows: Sequence[tuple[str, QWidget]]) -> QFormLayout:
    """Fields under each other, each with its name beside it or, where that is too narrow, above it."""
    form = QFormLayout()
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    for name, field in rows:
        field.setAccessibleName(name)
        form.addRow(name, field)
    return form


def button(text: str, pressed: Callable[[], object], key: str = "") -> QPushButton:
    """A button; ``key`` presses it while it is seen."""
    made = QPushButton(text)
    if key:
        made.setShortcut(key)
        made.setToolTip(key)
    made.clicked.connect(lambda _checked: pressed())
    return made


def text_label(text: str = "") -> QLabel:
    """Text that goes on in the next line where there is no room."""
    label = Label(text)
    label.setWordWrap(True)
    return label


def reading_table(name: str, columns: Sequence[str]) -> QTableWidget:
    """A table whose rows are chosen, not changed; Tab leaves it."""
    table = QTableWidget(0, len(columns))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(columns))
    Columns(table)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    return table


def fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    """Show these rows instead."""
    table.setRowCount(len(rows))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.setItem(number, column, QTableWidgetItem(text))


def choose(table: QTableWidget, ids: Sequence[object], chosen: object) -> None:
    """Choose the row of this one again, which may be another than before, or nowhere."""
    if chosen in ids:
        table.selectRow(ids.index(chosen))
    else:
        table.setCurrentCell(-1, -1)
