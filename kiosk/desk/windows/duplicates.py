"""Somebody like this is enrolled already: both side by side, and the officer says whether they are one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from cardsvc.wire.people import FoundPerson
from kiosk.desk.drafts import Form
from kiosk.desk.duplicates import Likeness, Row, side_by_side
from kiosk.desk.windows.beside import Beside
from kiosk.desk.windows.columns import Columns
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import button
from kiosk.desk.windows.pictures import Picture
from kiosk.desk.words import Words

_FACE_LINES = 10
"""How wide a photograph is, in lines of writing: it grows with the letters."""


class DuplicatesPanel(QFrame):
    """Part of the page; hidden while there is nobody like that. Enter opens the one who is chosen."""

    opened = Signal(object)
    """With the `FoundPerson`."""
    same = Signal(object)
    other = Signal(object)
    """With the citizen's id."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self._fields = words["queue"]
        self._matches = words["matches"]
        self.setProperty("role", "panel")
        self.setAccessibleName(self.words["duplicates"])
        self.found: list[FoundPerson] = []
        self.likeness: Likeness | None = None
        self._form = Form()
        self._told_apart = False
        self.list = QListWidget()
        self.list.setAccessibleName(self.words["duplicates"])
        self.list.itemActivated.connect(lambda _: self.opened.emit(self._chosen()))
        self.list.currentRowChanged.connect(lambda _: self._choose())
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.words["side_by_side"])
        self.table.setHorizontalHeaderLabels([self.words[key] for key in ("field", "typed", "known")])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        Columns(self.table)
        self.own, self.theirs = Picture(self.words["own_photo"]), Picture(self.words["their_photo"])
        self.yes = button(self.words["same"], "F6", lambda: self.same.emit(self._chosen().id))
        self.no = button(self.words["other"], "F7", lambda: self.other.emit(self._chosen().id))
        self._build()
        self.clear()

    def _build(self) -> None:
        warning = Label(self.words["duplicates"])
        warning.setWordWrap(True)
        answers = QHBoxLayout()
        for one in (self.yes, self.no):
            answers.addWidget(one)
        answers.addStretch()
        faces = QWidget()
        both = QHBoxLayout(faces)
        both.setContentsMargins(0, 0, 0, 0)
        for face in (self.own, self.theirs):
            face.setAlignment(Qt.AlignmentFlag.AlignTop)
            both.addWidget(face)
        layout = QVBoxLayout(self)
        for widget in (warning, self.list):
            layout.addWidget(widget)
        layout.addWidget(Beside((self.table, 1), (faces, 0)))
        layout.addLayout(answers)

    def show_found(self, found: Sequence[FoundPerson]) -> None:
        """Masked; the first is chosen. Whoever is shown already stays as they are."""
        if [one.id for one in found] == [one.id for one in self.found]:
            return
        self.clear()
        self.found = list(found)
        for one in found:
            match = self._matches[one.match.value]
            texts = (one.name, str(one.birth_year), f"… {one.document_number}", one.district, match)
            self.list.addItem(" · ".join(texts))
        self.list.setCurrentRow(0)
        self.list.setMaximumHeight(self.fontMetrics().height() * (2 * min(len(found), 4) + 1))
        self.setVisible(bool(found))

    def show_typed(self, form: Form, *, told_apart: bool) -> None:
        """What is on the other side; ``told_apart``: whether it is enough to say that somebody is another."""
        self._form, self._told_apart = form, told_apart
        self._show_rows()

    def show_likeness(self, likeness: Likeness) -> None:
        """The one who is chosen, opened."""
        if self.found and self._chosen().id == likeness.found.id:
            self.likeness = likeness
            _show_face(self.theirs, likeness.photo, self.words["no_photo_known"])
            self._show_rows()

    def show_own(self, photo: bytes | None) -> None:
        """The photograph that goes with what was typed; None when there is none yet."""
        if self.likeness is not None:
            _show_face(self.own, photo, self.words["no_photo"])

    def clear(self) -> None:
        """Nobody is shown. Before somebody was opened, nobody can say who they are."""
        self.found = []
        self.list.clear()
        self._choose()
        self.hide()

    def _choose(self) -> None:
        self.likeness = None
        for face in (self.own, self.theirs):
            face.clear()
        self._show_rows()

    def _show_rows(self) -> None:
        """What differs is marked with a sign, not by colour alone."""
        opened = self.likeness
        chosen = self._chosen() if self.found and self.list.currentRow() >= 0 else None
        rows = [] if chosen is None else side_by_side(self._form, chosen, None if opened is None else opened.record)
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            self._show_row(number, row)
        self.yes.setEnabled(opened is not None)
        self.no.setEnabled(opened is not None and self._told_apart)

    def _show_row(self, number: int, row: Row) -> None:
        mark = "" if row.same else self.words["differs"] + " "
        for column, text in enumerate((mark + self._fields[row.field], row.typed, row.known)):
            item = QTableWidgetItem(text)
            font = item.font()
            font.setBold(not row.same)
            item.setFont(font)
            self.table.setItem(number, column, item)

    def _chosen(self) -> FoundPerson:
        return self.found[self.list.currentRow()]


def _show_face(face: Picture, photo: bytes | None, nothing: str) -> None:
    width = face.fontMetrics().height() * _FACE_LINES
    face.setMinimumWidth(width)
    face.setMaximumWidth(width)
    if photo is None:
        face.say(nothing)
    else:
        face.show_bytes(photo)
