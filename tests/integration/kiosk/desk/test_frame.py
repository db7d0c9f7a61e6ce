"""The desk's window: locked until an officer's card is in, and again once it is out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.scopes import Scope
from kiosk.desk.windows.search import SearchPage
from tests.fixtures.desk_city import DeskAtWork


def test_an_officer_signs_in_and_the_desk_is_locked_when_the_card_is_taken_out(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    queue = desk.window.pages[0]
    assert desk.window.officer.text() == "Chen Anna is on duty"
    assert queue.may(Scope.APPLICATIONS_WRITE, Scope.APPLICATIONS_APPROVE)
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert desk.window.sign_in.message.text() == "Your card was taken out: the desk is locked."
    assert queue.officer is None
    assert not queue.may(Scope.APPLICATIONS_WRITE)


def test_each_page_has_a_key(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    for number, page in reversed(list(enumerate(desk.window.pages, 1))):
        QTest.keyClick(desk.window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.AltModifier)
        assert desk.window.stack.currentWidget() is page


def test_the_next_officer_undoes_nothing_that_the_one_before_typed(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    (search,) = (page for page in desk.window.pages if isinstance(page, SearchPage))
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    desk.type(search.text, "He Huijun")
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    desk.sign_in("bo")
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(search.text, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert search.text.text() == ""
