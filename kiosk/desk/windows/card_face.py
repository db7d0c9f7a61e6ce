"""How the printed card looks: a preview on the screen, and the same on a card printer or in a PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF, Qt, Slot
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPageLayout, QPageSize, QPainter, QPaintEvent, QPdfWriter, QPen
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from kiosk.desk.card_layout import HEIGHT, WIDTH, Box, Captions, Code, Face, Picture, Printed, Text, back, front
from kiosk.desk.failures import saying
from kiosk.desk.paper import NotPrinted, forget
from kiosk.desk.whole_files import write_whole
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import fit_height
from kiosk.desk.windows.printing import on_paper, pdf_of
from kiosk.desk.windows.work import Outcomes, Workers
from kiosk.desk.words import Words

_FAMILIES: Final = ["Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC"]
"""The first that is installed; Qt finds another with Chinese letters where none is."""
PRINTED: Final = ("card-*.pdf", ".card-*.pdf.*")
"""The files that are printed into where there is no printer."""
_CORNER: Final = 3.18
"""Radius of the corners, in millimetres (ISO/IEC 7810 §5.1.1)."""
_DOTS_A_MM: Final = 300 / 25.4
"""A card printer's resolution."""


def paint(painter: QPainter, face: Face) -> None:
    """Draw a side; one unit of the painter is a millimetre."""
    for item in face.items:
        match item:
            case Text():
                _write(painter, item)
            case Picture():
                _show(painter, item)
            case Code():
                _draw_code(painter, item)


def save_card(faces: Sequence[Face], pdf: Path, wanted: Callable[[], bool] = lambda: True) -> None:
    """Into a file that nobody else can read, whole or not at all, if it is ``wanted`` still. In any thread.

    Raises NotPrinted, OSError.
    """
    content = pdf_of(lambda writer: draw_card(writer, faces))
    if wanted():
        write_whole(content, pdf)


def draw_card(printer: QPrinter | QPdfWriter, faces: Sequence[Face]) -> None:
    """Each side on a page of a card's size. Raises NotPrinted."""
    if isinstance(printer, QPrinter):
        printer.setFullPage(True)
    printer.setPageSize(QPageSize(QSizeF(WIDTH, HEIGHT), QPageSize.Unit.Millimeter, "CR80", _EXACT))
    printer.setPageOrientation(QPageLayout.Orientation.Portrait)
    printer.setPageMargins(QMarginsF(), QPageLayout.Unit.Millimeter)
    painter = QPainter()
    if not painter.begin(printer):
        raise NotPrinted
    try:
        for number, face in enumerate(faces):
            if number:
                printer.newPage()
            painter.save()
            painter.scale(printer.resolution() / 25.4, printer.resolution() / 25.4)
            paint(painter, face)
            painter.restore()
    finally:
        painter.end()


_EXACT: Final = QPageSize.SizeMatchPolicy.ExactMatch


class FaceView(QWidget):
    """One side, as large as there is room."""

    def __init__(self, face: Face, name: str) -> None:
        super().__init__()
        self._face = face
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        width = 26 * self.fontMetrics().height()
        return QSize(width, self.heightForWidth(width))

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """A card's shape: no room is left empty below it."""
        return round(width * HEIGHT / WIDTH)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        width = 14 * self.fontMetrics().height()
        return QSize(width, self.heightForWidth(width))

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min(self.width() / WIDTH, self.height() / HEIGHT)
        painter.scale(scale, scale)
        painter.setPen(QPen(Qt.GlobalColor.gray, 0.2))
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(QRectF(0, 0, WIDTH, HEIGHT), _CORNER, _CORNER)
        paint(painter, self._face)


class CardFaceDialog(QDialog):
    """Stands beside the desk's window and blocks nothing."""

    def __init__(self, parent: QWidget | None, words: Words, workers: Workers, printed: Printed, folder: Path) -> None:
        """Where there is no printer, the PDF lands in ``folder``."""
        super().__init__(parent)
        self._all_words, self._workers, self._gone = words, workers, False
        self.words, self._file = words["card-face"], folder / f"card-{printed.number}.pdf"
        captions = Captions(*(self.words["captions"][name] for name in ("city", "valid_until", "number", "found")))
        self.faces = [front(printed, captions), back(printed, captions)]
        self.setWindowTitle(self.words["title"])
        self.message = Label()
        self.message.setWordWrap(True)
        self.message.setAccessibleName(self.words["message"])
        self.print = QPushButton(self.words["print"])
        self.print.setShortcut("Ctrl+Return")
        self.print.setProperty("role", "main")
        self.print.clicked.connect(self._print)
        sides = QHBoxLayout()
        for face, name in zip(self.faces, ("front", "back"), strict=True):
            sides.addWidget(FaceView(face, self.words[name]))
        layout = QVBoxLayout(self)
        layout.addLayout(sides)
        layout.addWidget(self.print)
        layout.addWidget(self.message)
        layout.addStretch()

    def _say(self, what: str) -> None:
        self.message.setText(what)
        fit_height(self)

    def done(self, result: int) -> None:
        """However it was closed: Esc sends no ``closeEvent``."""
        self._gone = True
        super().done(result)

    @Slot()
    def _print(self) -> None:
        """Beside the window: a printer may take its time."""
        self.print.setEnabled(False)
        self._say(self.words["printing"])
        self._workers.start(lambda _: self._on_paper(), Outcomes(self._printed, self._failed))

    def _on_paper(self) -> str:
        name = on_paper(lambda printer: draw_card(printer, self.faces))
        if name is not None:
            return str(self.words["printed"].format(name))
        file = self._file
        save_card(self.faces, file, lambda: not self._gone)
        return str(self.words["no_printer"].format(file))

    def _forget_if_gone(self) -> None:
        """Nobody is told where the file is, and the officer may have left: it shows a person."""
        if self._gone:
            forget(self._file.parent, self._file.name)

    def _printed(self, said: str) -> None:
        if self._gone:  # a moment after the file was done, and Qt may have deleted all of this
            self._workers.file(self._forget_if_gone)
            return
        self.print.setEnabled(True)
        self._say(said)

    def _failed(self, error: Exception) -> None:
        self._printed(str(saying(error, self._all_words)))


def _area(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def _write(painter: QPainter, item: Text) -> None:
    """In device pixels, since fonts have no sizes below one: scaled back to millimetres."""
    painter.save()
    painter.setPen(Qt.GlobalColor.black)
    painter.scale(1 / _DOTS_A_MM, 1 / _DOTS_A_MM)
    box = item.box
    area = QRectF(*(value * _DOTS_A_MM for value in (box.x, box.y, box.width, box.height)))
    font = QFont()
    font.setFamilies(_FAMILIES)
    font.setPixelSize(round(item.height * _DOTS_A_MM))
    wide = QFontMetricsF(font).horizontalAdvance(item.text)
    if wide > area.width():
        font.setPixelSize(max(1, int(font.pixelSize() * area.width() / wide)))
    painter.setFont(font)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), item.text)
    painter.restore()


def _show(painter: QPainter, item: Picture) -> None:
    picture = QImage.fromData(item.content)
    if picture.isNull():
        return
    area = _area(item.box)
    wanted = area.width() / area.height()
    whole = QRectF(picture.rect())
    cut = QRectF(0, 0, min(whole.width(), whole.height() * wanted), min(whole.height(), whole.width() / wanted))
    cut.moveCenter(whole.center())
    painter.drawImage(area, picture, cut)


def _draw_code(painter: QPainter, item: Code) -> None:
    side = item.box.width / len(item.squares)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    for row, squares in enumerate(item.squares):
        for column, dark in enumerate(squares):
            if dark:
                square = QRectF(item.box.x + column * side, item.box.y + row * side, side, side)
                painter.fillRect(square, Qt.GlobalColor.black)
    painter.restore()
