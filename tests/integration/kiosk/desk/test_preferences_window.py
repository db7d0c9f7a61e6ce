"""What is chosen in the desk's window is how the next one opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cardsvc.wire.manifest import Language
from kiosk.desk.colours import DARK, Theme
from kiosk.desk.preferences import FILE
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.desk_city import DeskCity, open_desk
from tests.fixtures.desk_menu import pick


@pytest.mark.parametrize("content", [None, "{"], ids=["whole", "broken"])
def test_another_window_opens_as_the_last_one_was(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path, content: str | None
) -> None:
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path) as desk:
        usual = desk.window.looks.size
        desk.window.activateWindow()
        desk.until(desk.window.isActiveWindow)
        QTest.keyClick(desk.window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
        pick(desk, "View", "Dark")
        larger = desk.window.looks.size
        pick(desk, "Language", "Português")
    assert larger > usual
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path) as desk:
        looks, words = desk.window.looks, desk.window.words
        expected = (Theme.SYSTEM, usual, Language.ENGLISH) if content else (Theme.DARK, larger, Language.PORTUGUESE)
        assert (looks.theme, looks.size, words.language) == expected
        shown = QApplication.palette().window().color().name()
        assert (shown == DARK.window) is (looks.colours is DARK)
        assert content or looks.colours is DARK
        QTest.keyClick(desk.window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
