"""After a clerk's turn nothing of it is left in the desk's window: no widget, no object of what was shown."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.fixtures.desk_city import DeskAtWork
from tests.fixtures.desk_issuing import handing_of, issuing, pin_window, says, sign, written

_OWN: Final = ("kiosk.", "readers.", "cardsvc.")
_TURNS: Final = 3


def a_turn(desk: DeskAtWork, card: Path) -> None:
    """Sign in, turn to every page, write a card, look at its face, hand it over, have its PIN set; take all out."""
    page, lane = issuing(desk)
    application = written(desk, page, lane, card)
    desk.press(lane.face)
    desk.until(lambda: page.face is not None and page.face.isVisible())
    assert page.face is not None
    QTest.keyClick(page.face, Qt.Key.Key_Escape)
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    desk.type(citizen.first, "864193")
    desk.type(citizen.again, "864193\r")
    says(desk, lane, "is in force")
    QTest.keyClick(handing, Qt.Key.Key_Escape)
    desk.window.activateWindow()  # as a window manager does when a dialog has gone
    desk.until(desk.window.isActiveWindow)
    for row in range(len(desk.window.pages)):
        QTest.keyClick(desk.window, Qt.Key(Qt.Key.Key_1.value + row), Qt.KeyboardModifier.AltModifier)
        desk.until(desk.window.pages[row].isVisible)
    desk.remove()
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    desk.until(lambda: not desk.window.workers.busy)
    with desk.city.client("ana") as ana:
        assert ana.application(application).card_uuid is not None


def held() -> Counter[str]:
    """Widgets, and objects of our own, by their kinds."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    kinds = Counter(
        f"{type(one).__module__}.{type(one).__qualname__}"
        for one in gc.get_objects()
        if str(type(one).__module__).startswith(_OWN) and not isinstance(one, QObject)
    )
    widgets = Counter(f"widget {type(widget).__qualname__}" for widget in QApplication.allWidgets())
    return kinds + widgets


def test_nothing_is_left_of_a_turn(desk: DeskAtWork, tmp_path: Path) -> None:
    a_turn(desk, tmp_path / "first")
    before = held()
    for turn in range(_TURNS):
        a_turn(desk, tmp_path / f"card-{turn}")

    def let_go() -> None:
        """What was left by each turn: one more or less is a thread that waits for a card, or signs an officer off."""
        assert {kind: more for kind, more in (held() - before).items() if more >= _TURNS} == {}

    desk.until(let_go)
