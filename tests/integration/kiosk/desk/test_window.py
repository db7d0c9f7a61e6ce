"""The desk's window beside its pages: language, looks, keys, the connection, and what it says to a screen reader."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QScrollArea,
    QWidget,
)

from cardsvc.wire.manifest import Language
from kiosk.desk.colours import DARK, LIGHT
from kiosk.desk.windows.frame import PAGES
from kiosk.desk.windows.keys import keys_of
from kiosk.desk.windows.message import MessageArea
from kiosk.desk.windows.theme import SIZES
from kiosk.desk.words import words_in
from tests.fixtures.accessible import cut_off, keyless, named, nameless, reachable_in
from tests.fixtures.desk_city import DeskAtWork
from tests.fixtures.desk_menu import pick

SMALLEST_SCREEN = QSize(1366, 768)
CONTROL = Qt.KeyboardModifier.ControlModifier


def idle(desk: DeskAtWork) -> None:
    """Nothing is done beside the window."""
    desk.until(lambda: not desk.window.workers.busy)


def background(widget: QWidget) -> str:
    return widget.palette().color(QPalette.ColorRole.Window).name()


@pytest.mark.parametrize("page", range(len(PAGES)), ids=[page.group for page in PAGES])
def test_everything_on_a_page_has_a_name(desk: DeskAtWork, page: int) -> None:
    assert nameless(desk.window.pages[page]) == [], "setAccessibleName, or a label as its buddy"


def test_everything_around_the_pages_has_a_name(desk: DeskAtWork) -> None:
    pages = {widget for page in desk.window.pages for widget in (page, *page.findChildren(QWidget))}
    around = [each for each in reachable_in(desk.window) if each not in pages and not named(each)]
    assert [type(each).__name__ for each in around] == []
    assert all(area.accessibleName() for area in desk.window.findChildren(MessageArea))


@pytest.mark.parametrize("page", range(len(PAGES)), ids=[page.group for page in PAGES])
def test_every_act_has_a_key(desk: DeskAtWork, page: int) -> None:
    desk.sign_in("ana")
    shown = desk.window.pages[page]
    QTest.keyClick(desk.window, getattr(Qt.Key, f"Key_{(page + 1) % 10}"), Qt.KeyboardModifier.AltModifier)
    assert desk.window.stack.currentWidget() is shown
    assert keyless(shown) == []
    assert [each.key().toString() for each in shown.findChildren(QShortcut) if not each.whatsThis()] == []


def test_f1_lists_the_keys(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    idle(desk)
    QTest.keyClick(desk.window, Qt.Key.Key_F1)
    keys = desk.window.keys
    assert keys.isVisible()
    table = keys.table.model()
    listed = {table.index(row, 0).data(): table.index(row, 1).data() for row in range(table.rowCount())}
    assert listed == keys_of(desk.window)
    assert listed["Ctrl+L"] == "Lock"
    assert listed["Alt+1"] == "Queue"
    assert listed["F1"] == "Keys"
    QTest.keyClick(keys, Qt.Key.Key_Escape)
    desk.until(lambda: not desk.window.findChildren(type(keys)))


def test_the_language_changes_and_whoever_is_on_duty_stays(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    idle(desk)
    pick(desk, "Language", "Português")
    window = desk.window
    assert window.words.language is Language.PORTUGUESE
    assert window.officer.text().startswith("Chen Anna")
    assert window.whole.currentWidget() is window.open
    assert window.pages[0].officer is not None
    idle(desk)
    pick(desk, "Língua", "简体中文")
    desk.remove_officer()
    desk.until(lambda: window.whole.currentWidget() is window.sign_in)
    assert window.sign_in.message.text() == window.words["sign-in"]["card_out"]
    pick(desk, "语言", "English")
    desk.until(window.sign_in.pin.isVisible)
    desk.sign_in("bo")


def test_light_and_dark(desk: DeskAtWork) -> None:
    pick(desk, "View", "Dark")
    assert background(desk.window) == DARK.window
    pick(desk, "View", "Light")
    assert background(desk.window) == LIGHT.window


def test_the_window_grows_to_twice_its_size_and_back(desk: DeskAtWork) -> None:
    usual = desk.window.sign_in.pin.fontInfo().pointSizeF()
    for _ in SIZES:
        QTest.keyClick(desk.window, Qt.Key.Key_Plus, CONTROL)
    assert desk.window.sign_in.pin.fontInfo().pointSizeF() == pytest.approx(2 * usual, abs=0.6)
    QTest.keyClick(desk.window, Qt.Key.Key_Minus, CONTROL)
    assert desk.window.looks.size == SIZES[-2]
    QTest.keyClick(desk.window, Qt.Key.Key_0, CONTROL)
    assert desk.window.sign_in.pin.fontInfo().pointSizeF() == pytest.approx(usual, abs=0.1)


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_off_at_twice_the_size_on_a_small_screen(desk: DeskAtWork, language: Language) -> None:
    window = desk.window
    desk.sign_in("ana")
    idle(desk)
    pick(desk, "Language", words_in(language).called)
    assert window.words.language is language
    for _ in SIZES:
        QTest.keyClick(window, Qt.Key.Key_Plus, CONTROL)
    window.resize(SMALLEST_SCREEN)
    cut: list[str] = []
    for number, page in enumerate(window.pages, 1):
        QTest.keyClick(window, getattr(Qt.Key, f"Key_{number % 10}"), Qt.KeyboardModifier.AltModifier)
        idle(desk)
        QApplication.processEvents()
        cut += [f"{page.group}: {each}" for each in cut_off(page)]
        assert reachable(window.stack.room), page.group
    QTest.keyClick(window, Qt.Key.Key_0, CONTROL)
    assert window.size() == SMALLEST_SCREEN, "the window fits"
    assert cut == []


def reachable(room: QScrollArea) -> bool:
    """What does not fit is scrolled to."""
    page = room.widget()
    assert page is not None
    inside, shown = page.size(), room.viewport().size()
    bars = room.horizontalScrollBar(), room.verticalScrollBar()
    return (inside.width() <= shown.width() or bars[0].maximum() > 0) and (
        inside.height() <= shown.height() or bars[1].maximum() > 0
    )


def test_a_lost_connection_is_shown_and_comes_back_by_itself(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    window = desk.window
    assert window.connected.text() == "Connected to the card service"
    with desk.city.service_away():
        QTest.keyClick(window, Qt.Key.Key_F5)
        desk.until(lambda: not window.connection.reached)
        assert "No connection" in window.connected.text()
        desk.until(lambda: window.message.text().startswith("There is no connection to the card service."))
    desk.until(lambda: window.connection.reached)
    assert window.connected.text() == "Connected to the card service"
    desk.until(lambda: window.message.text().startswith("The card service can be reached again."))
    assert window.whole.currentWidget() is window.open, "ana is still on duty"
