"""The desk's window: locked until an officer's card is in, and again once it is out."""

from __future__ import annotations

import gc

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFormLayout, QLabel

from cardsvc.wire.scopes import Scope
from kiosk.desk.windows.search import SearchPage
from readers.piv.pin import Pin
from tests.fixtures.desk_city import PIN, DeskAtWork


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


def test_an_officers_pin_is_kept_nowhere_once_the_card_was_given_it(desk: DeskAtWork) -> None:
    def kept() -> bool:
        gc.collect()
        return any(isinstance(one, Pin) and one.digits == PIN for one in gc.get_objects())

    desk.sign_in("ana")
    desk.until(lambda: not kept())  # the thread that asked the card is ending
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    desk.until(lambda: not kept())
    QTest.keyClick(desk.window.sign_in.pin, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.window.sign_in.pin.text() == ""


def test_a_name_is_shown_letter_by_letter_whatever_it_is(desk: DeskAtWork) -> None:
    """A name such as ``<img src=…>`` is no markup. What stands beside fields is the desk's own words."""
    titles = {
        item.widget()
        for form in desk.window.findChildren(QFormLayout)
        for row in range(form.rowCount())
        if (item := form.itemAt(row, QFormLayout.ItemRole.LabelRole)) is not None
    }
    labels = [label for label in desk.window.findChildren(QLabel) if label not in titles]
    assert len(labels) > 20
    markup = [label.text() for label in labels if label.textFormat() is not Qt.TextFormat.PlainText]
    assert markup == []
