"""Pictures of the windows that a desk has with more equipment: with a camera, and with a reader that has a keypad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cardsvc.wire.manifest import Language
from kiosk.city.portraits import portrait
from kiosk.desk.windows.camera import CameraDialog
from kiosk.desk.windows.enrolment import EnrolmentPage
from kiosk.desk.windows.issuing import IssuingPage
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.cameras import Plugs, stands_before
from tests.fixtures.desk_city import DeskAtWork, DeskCity, open_desk
from tests.fixtures.desk_issuing import handing_of, pin_window, sign, written
from tests.fixtures.desk_photographer import CONTROL, Look, Photographer, is_dark
from tests.fixtures.keypads import KeypadReader

pytestmark = pytest.mark.needs("chinese-font", "pyside6-addons", "qt-sound")


@dataclass(frozen=True)
class WellEquipped:
    """A desk, which cameras are plugged in, and what somebody types at the reader's keys."""

    desk: DeskAtWork
    plugs: Plugs
    typed: list[str]


@pytest.fixture
def equipped(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WellEquipped]:
    typed: list[str] = []
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path, wraps=partial(KeypadReader, typed=typed)) as desk:
        yield WellEquipped(desk, Plugs(monkeypatch), typed)


@pytest.mark.parametrize("look", list(Look))
@pytest.mark.parametrize("language", list(Language))
def test_the_windows_of_a_camera_and_of_a_keypad(
    equipped: WellEquipped, language: Language, look: Look, tmp_path: Path
) -> None:
    camera = Photographer(equipped.desk, language, look, "equipment")
    equipped.desk.sign_in("ana")
    look_into_the_camera(camera, equipped.plugs)
    choose_at_the_keypad(camera, tmp_path / "card", equipped.typed)
    assert {is_dark(file) for file in camera.taken} == {look is Look.DARK}
    assert len(camera.taken) == 4
    assert not camera.cut, "\n".join(camera.cut)


def look_into_the_camera(photographer: Photographer, plugs: Plugs) -> None:
    """There is none; and then there is one."""
    desk, page = photographer.desk, photographer.page(EnrolmentPage)
    dialog = opened(desk, page)
    photographer.take("camera-none", dialog)
    assert dialog.eye is not None
    plugs.put_in(dialog.eye)
    stands_before(dialog.eye, QImage.fromData(portrait("sitter")))
    desk.until(dialog.take.isEnabled)
    photographer.take("camera", dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    desk.until(dialog.isHidden)


def opened(desk: DeskAtWork, page: EnrolmentPage) -> CameraDialog:
    """By its key."""
    QTest.keyClick(page.portrait.view, Qt.Key.Key_K, CONTROL)
    desk.until(lambda: bool(page.findChildren(CameraDialog)))
    (dialog,) = page.findChildren(CameraDialog)
    return dialog


def choose_at_the_keypad(photographer: Photographer, card: Path, typed: list[str]) -> None:
    """Nobody types anything; and then it is done."""
    desk, page = photographer.desk, photographer.page(IssuingPage)
    written(desk, page, page.lanes[0], card)
    handing = handing_of(desk, page, page.lanes[0])
    sign(desk, handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    citizen = pin_window(desk, handing)
    desk.until(lambda: not citizen.busy and bool(citizen.message.text()) and not citizen.first.isEnabled())
    photographer.take("citizens-pin-keypad", citizen)
    assert handing.pin is not None
    typed += [handing.pin.digits, "864193", "864193", "864193"]
    desk.press(citizen.button)
    desk.until(lambda: not citizen.isVisible())
    photographer.take("hand-over-in-force", handing)
