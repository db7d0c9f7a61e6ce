"""The printed card: of a card's size, with letters and a code that others can read."""

from __future__ import annotations

import io
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cardsvc.wire.manifest import Language
from kiosk.desk.card_layout import HEIGHT, WIDTH, Box, Captions, Code, Picture, Printed, Text, back, front
from kiosk.desk.paper import NotPrinted
from kiosk.desk.windows.card_face import CardFaceDialog, draw_card, save_card
from kiosk.desk.windows.sheet import Sheet, draw_sheet
from kiosk.desk.windows.work import Workers
from kiosk.desk.words import words_in
from tests.fixtures.full_disk import full_after
from tests.fixtures.pictures import picture
from tests.fixtures.printers import printer_into

CAPTIONS = Captions("Citizen Card 市民卡", "Valid until", "Number", "Whoever finds this card, please hand it in.")
POINTS_A_MM = 72 / 25.4


def printed(name: str = "何慧君", latin: str = "He Huijun") -> Printed:
    return Printed(name, latin, "HQ-0000-0042", date(2031, 5, 6), picture())


@pytest.fixture
def workers(qtbot: QtBot) -> Iterator[Workers]:
    """As a window has them: there until nothing is done any more."""
    window = QWidget()
    qtbot.addWidget(window)
    ours = Workers(window)
    yield ours
    ours.wait()


@pytest.fixture
def pdf(qtbot: QtBot, tmp_path: Path) -> Path:
    file = tmp_path / "card.pdf"
    save_card([front(printed(), CAPTIONS), back(printed(), CAPTIONS)], file)
    return file


def test_front_and_back_are_of_a_cards_size(pdf: Path) -> None:
    sizes = [page.get_size() for page in pypdfium2.PdfDocument(pdf)]
    assert len(sizes) == 2
    for width, height in sizes:
        assert width / POINTS_A_MM == pytest.approx(WIDTH, abs=0.3)
        assert height / POINTS_A_MM == pytest.approx(HEIGHT, abs=0.3)


def test_chinese_letters_are_in_the_file_and_can_be_read(pdf: Path) -> None:
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    for expected in ("何慧君", "He Huijun", "HQ-0000-0042", "2031-05-06", "市民卡"):
        assert expected in text
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts
    assert all("yes" in font.split()[-5:-2] for font in fonts)


def test_the_code_says_the_number_and_nothing_else(pdf: Path) -> None:
    image = io.BytesIO()
    pypdfium2.PdfDocument(pdf)[1].render(scale=300 / 72).to_pil().save(image, "PNG")
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-"], input=image.getvalue(), capture_output=True, check=True
    ).stdout
    assert read.decode().strip() == "HQ-0000-0042"


def test_what_is_printed_lies_where_it_should(pdf: Path) -> None:
    """The photograph in its place, and white around the edge."""
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=300 / 72).to_pil().convert("L")
    dots = 300 / 25.4
    (photo,) = (item.box for item in front(printed(), CAPTIONS).items if isinstance(item, Picture))
    inside = page.crop(tuple(round(edge * dots) for edge in (photo.x + 1, photo.y + 1, photo.x + photo.width - 1,
                                                             photo.y + photo.height - 1)))  # fmt: skip
    assert inside.getextrema() != (255, 255)
    edge = page.crop((0, 0, round(WIDTH * dots), round(2 * dots)))
    assert edge.getextrema() == (255, 255)


def test_everything_is_on_the_card_and_nothing_lies_on_anything() -> None:
    for face in (front(printed(), CAPTIONS), back(printed(), CAPTIONS)):
        boxes = [item.box for item in face.items]
        assert all(box.on_card for box in boxes)
        assert not any(overlap(one, other) for at, one in enumerate(boxes) for other in boxes[at + 1 :])


def overlap(one: Box, other: Box) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (apart or one.y + one.height <= other.y or other.y + other.height <= one.y)


def test_a_long_name_is_made_smaller_until_it_fits(qtbot: QtBot, tmp_path: Path) -> None:
    long = printed("阿卜杜热西提·买买提伊明江·托合提", "Maria Antonieta de Vasconcelos e Albuquerque da Conceição")
    save_card([front(long, CAPTIONS)], tmp_path / "long.pdf")
    page = pypdfium2.PdfDocument(tmp_path / "long.pdf")[0].render(scale=300 / 72).to_pil().convert("L")
    dots = 300 / 25.4
    right = page.crop((round((WIDTH - 3) * dots), 0, round(WIDTH * dots), round(HEIGHT * dots)))
    assert right.getextrema() == (255, 255)


@pytest.mark.parametrize("language", list(Language))
def test_the_preview_prints_and_prints_again(
    qtbot: QtBot, workers: Workers, tmp_path: Path, language: Language
) -> None:
    dialog = CardFaceDialog(None, words_in(language), workers, printed(), tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    for _ in range(2):
        QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
        assert not dialog.print.isEnabled()
        qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    (file,) = tmp_path.glob("*.pdf")
    assert str(file) in dialog.message.text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [type(item) for item in dialog.faces[1].items].count(Code) == 1
    assert any(isinstance(item, Text) for item in dialog.faces[0].items)


def test_nobody_else_can_read_the_file_and_what_was_there_stays_until_it_is_drawn(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, seen = tmp_path / "card.pdf", []
    file.write_bytes(b"before")
    file.chmod(0o644)
    monkeypatch.setattr("kiosk.desk.windows.card_face.paint", lambda *_: seen.append(file.read_bytes()))
    save_card([front(printed(), CAPTIONS)], file)
    assert seen == [b"before"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_of_a_card_that_a_full_disk_takes_half_of_nothing_stays_and_it_is_said(
    qtbot: QtBot, workers: Workers, tmp_path: Path
) -> None:
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    with full_after(2000):
        QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    assert dialog.message.text().startswith("The desk could not read or write a file on this computer.")
    assert list(tmp_path.iterdir()) == []


def test_what_no_file_takes_is_said(qtbot: QtBot, workers: Workers, tmp_path: Path) -> None:
    folder = tmp_path / "no-folder"
    folder.write_text("")
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), folder)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    assert "could not read or write a file" in dialog.message.text()


def test_on_a_printer_it_is_printed_and_no_file_stays(
    qtbot: QtBot, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, paper = tmp_path / "desk", tmp_path / "paper.pdf"
    folder.mkdir()
    printer_into(monkeypatch, "Fargo at window 3", paper)
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), folder)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    assert dialog.message.text() == "Sent to the printer Fargo at window 3. You can print it again."
    with pypdfium2.PdfDocument(paper) as document:
        assert len(document) == 2
        assert "HQ-0000-0042" in document[0].get_textpage().get_text_range()
    assert list(folder.iterdir()) == []


def test_what_a_printer_does_not_take_is_said_and_can_be_printed_again(
    qtbot: QtBot, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, paper = tmp_path / "desk", tmp_path / "gone" / "paper.pdf"
    folder.mkdir()
    printer_into(monkeypatch, "Fargo at window 3", paper)
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), folder)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    happened, *_, then = dialog.message.text().split("\n")
    assert happened == "The printer did not take it."
    assert then.startswith("See whether the printer is on and has paper")
    assert list(folder.iterdir()) == []
    paper.parent.mkdir()
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.print.isEnabled, timeout=90_000)
    assert dialog.message.text().startswith("Sent to the printer Fargo")


def test_a_letter_that_no_printer_takes_is_no_success(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    broken = QPrinter()
    broken.setOutputFileName(str(folder / "letter.pdf"))
    with pytest.raises(NotPrinted):
        draw_sheet(broken, Sheet("Letter", ["271828"]))


def late(event: threading.Event) -> Callable[..., None]:
    """Draws what is printed, not what is seen, when the event has come."""

    def draw(*given: Any) -> None:
        assert event.wait(60)
        draw_card(*given)

    return draw


def test_of_a_card_whose_officer_has_left_meanwhile_no_file_stays(
    qtbot: QtBot, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = threading.Event()
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    monkeypatch.setattr("kiosk.desk.windows.card_face.draw_card", late(left))
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    dialog.close()
    left.set()
    qtbot.waitUntil(lambda: not workers.busy, timeout=90_000)
    assert list(tmp_path.iterdir()) == []


def test_of_a_card_that_was_left_with_esc_while_it_was_printed_no_file_stays(
    qtbot: QtBot, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = threading.Event()
    dialog = CardFaceDialog(None, words_in(Language.ENGLISH), workers, printed(), tmp_path)
    dialog.finished.connect(dialog.deleteLater)  # as its page does
    dialog.show()
    monkeypatch.setattr("kiosk.desk.windows.card_face.draw_card", late(left))
    QTest.mouseClick(dialog.print, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dialog.destroyed, timeout=90_000):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    left.set()
    qtbot.waitUntil(lambda: not workers.busy, timeout=90_000)
    assert list(tmp_path.iterdir()) == []
