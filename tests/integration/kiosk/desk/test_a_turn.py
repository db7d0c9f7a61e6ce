"""A clerk's turn: nothing of it is left in the desk's window, and no PIN of it was sent to anybody but a card."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Final

import httpx
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from websockets.asyncio.connection import Connection

from readers.piv.pin import Pin
from tests.fixtures.desk_city import PIN, DeskAtWork
from tests.fixtures.desk_issuing import handing_of, issuing, pin_window, says, sign, written
from tests.fixtures.leaks import leaks

_OWN: Final = ("kiosk.", "readers.", "cardsvc.")
_TURNS: Final = 3
OWN: Final = "864193"


def a_turn(desk: DeskAtWork, card: Path) -> Pin:
    """All of it. The PIN is the one the card had before its holder's."""
    page, lane = issuing(desk)
    application = written(desk, page, lane, card)
    desk.press(lane.face)
    desk.until(lambda: page.face is not None and page.face.isVisible())
    assert page.face is not None
    QTest.keyClick(page.face, Qt.Key.Key_Escape)
    handing = handing_of(desk, page, lane)
    transport = handing.pin
    assert transport is not None
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    desk.type(citizen.first, OWN)
    desk.type(citizen.again, f"{OWN}\r")
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
    return transport


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


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that goes out to the card service: requests, and the messages of a relay."""
    out: list[bytes] = []
    request, message = httpx.HTTPTransport.handle_request, Connection.send

    def note_request(self: httpx.HTTPTransport, asked: httpx.Request) -> httpx.Response:
        out.append(b"\n".join([str(asked.url).encode(), *(value for _, value in asked.headers.raw), asked.read()]))
        return request(self, asked)

    async def note_message(self: Connection, content: str | bytes) -> None:
        out.append(content.encode() if isinstance(content, str) else content)
        await message(self, content)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", note_request)
    monkeypatch.setattr(Connection, "send", note_message)
    return out


def test_no_pin_is_sent_to_anybody_but_a_card(desk: DeskAtWork, tmp_path: Path, sent: list[bytes]) -> None:
    transport = a_turn(desk, tmp_path / "card")
    pins = {"the officer's": PIN, "the citizen's": OWN, "of the letter": transport.digits}
    said = {f"{number}": content.decode("latin-1") for number, content in enumerate(sent)}
    assert sum(content.startswith("http") for content in said.values()) > 10
    assert sum(not content.startswith("http") for content in said.values()) > 50
    assert {leak.what for leak in leaks(said, {}, pins)} <= {"a signed token"}
    assert "the citizen's" in {leak.what for leak in leaks({"more": f'{{"pin": "{OWN}"}}'}, {}, pins)}
