"""Nothing freezes the desk's window: its thread asks no service, no card and no disk, and what is small is not lost.

Every window test looks for that (`tests.fixtures.windows_thread`); here it is seen that it would be found.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from kiosk.desk.preferences import keep, preferences_in
from kiosk.desk.windows import frame
from readers.pcsc.reader import PcscReader
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.desk_city import DeskAtWork, DeskCity, open_desk
from tests.fixtures.desk_issuing import issuing, written
from tests.fixtures.printers import no_printer, printer_into
from tests.fixtures.windows_thread import windows_thread_watched

CONTROL = Qt.KeyboardModifier.ControlModifier


def by_a_window(act: Callable[[], object]) -> None:
    """As if a module of the windows called it."""
    exec(compile("act()", frame.__file__, "exec"), {"act": act})  # noqa: S102 - a line with another file's name


def connects() -> None:
    with socket.socket() as line:
        line.connect_ex(("127.0.0.1", 9))
        line.connect(("127.0.0.1", 9))


FORBIDDEN = {
    "reading": preferences_in,
    "writing": lambda folder: keep(folder, preferences_in(folder)),
    "deleting": lambda folder: (folder / "gone").unlink(missing_ok=True),
    "listing": lambda folder: list(folder.glob("card-*.pdf")),
    "connecting": lambda _: connects(),
    "a card": lambda _: PcscReader("none").wait_for_card(0),
}


@pytest.mark.parametrize("act", FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_a_window_did_in_its_own_thread_would_be_found(tmp_path: Path, act: Callable[[Path], object]) -> None:
    def tried() -> None:
        with suppress(Exception):  # that it was tried is enough
            act(tmp_path)

    with windows_thread_watched() as found:
        tried()
        assert found == [], "no window did it"
        by_a_window(tried)
        assert found != []
        found.clear()


def test_a_printed_card_is_gone_after_the_lock_and_the_last_choice_is_kept_when_the_window_closes(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_printer(monkeypatch)
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "card-left.pdf").write_bytes(b"by a desk that was killed")
    with open_desk(desk_city, private_pcscd, qtbot, folder) as desk:
        desk.until(lambda: list(folder.glob("card-*.pdf")) == [])
        page, lane = issuing(desk)
        written(desk, page, lane, tmp_path / "card")
        desk.press(lane.face)
        desk.until(lambda: page.face is not None and page.face.isVisible())
        face = page.face
        assert face is not None
        QTest.keyClick(face, Qt.Key.Key_Return, CONTROL)
        desk.until(lambda: "card-" in face.message.text())
        assert len(list(folder.glob("card-*.pdf"))) == 1
        larger(desk)
        desk.remove_officer()
        desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
        desk.until(lambda: list(folder.glob("card-*.pdf")) == [])
        usual = desk.window.looks.size
        larger(desk)
        chosen = desk.window.looks.size
    assert chosen > usual
    assert preferences_in(folder).size == chosen


def larger(desk: DeskAtWork) -> None:
    desk.window.activateWindow()
    desk.until(desk.window.isActiveWindow)
    QTest.keyClick(desk.window, Qt.Key.Key_Plus, CONTROL)


def test_a_card_is_printed_on_a_printer_from_the_page_where_it_was_made(
    desk: DeskAtWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    paper = tmp_path / "paper.pdf"
    printer_into(monkeypatch, "Fargo at window 3", paper)
    page, lane = issuing(desk)
    written(desk, page, lane, tmp_path / "card")
    desk.press(lane.face)
    desk.until(lambda: page.face is not None and page.face.isVisible())
    face = page.face
    assert face is not None
    QTest.keyClick(face, Qt.Key.Key_Return, CONTROL)
    desk.until(lambda: face.message.text() == "Sent to the printer Fargo at window 3. You can print it again.")
    with pypdfium2.PdfDocument(paper) as document:
        assert len(document) == 2
    assert list(desk.window.equipment.folder.glob("card-*.pdf")) == []
