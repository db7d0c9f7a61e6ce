"""The camera's window: what it sees is taken with a key; whatever is in the way is said, with what to do instead.

QtMultimedia is the real one. A test machine has no camera, so pictures, errors and plugs come as its signals bring
them, and which cameras there are is said here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest
from PySide6.QtCore import QCameraPermission, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from cardsvc.wire.manifest import Language
from kiosk.desk.windows.camera import CameraDialog, Eye
from kiosk.desk.windows.portrait import PortraitPanel
from kiosk.desk.words import words_in
from tests.fixtures.accessible import keyless, nameless
from tests.fixtures.cameras import Plugs, stands_before

pytestmark = pytest.mark.needs("pyside6-addons", "qt-sound")
INSTEAD = "choose a file with the photograph"
PATIENCE_MS = 90_000
"""For a busy machine: this long only if it never comes."""


@pytest.fixture
def plugs(monkeypatch: pytest.MonkeyPatch) -> Plugs:
    return Plugs(monkeypatch)


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[PortraitPanel]:
    made, window = PortraitPanel(words_in(Language.ENGLISH)), QMainWindow()
    window.setCentralWidget(made)
    qtbot.addWidget(window)
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
        window.activateWindow()
    made.view.setFocus()
    yield made
    window.close()


def opened(panel: PortraitPanel, qtbot: QtBot) -> CameraDialog:
    """By its key."""
    QTest.keyClick(panel.view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(panel.findChildren(CameraDialog)), timeout=PATIENCE_MS)
    (dialog,) = panel.findChildren(CameraDialog)
    return dialog


def eye_of(dialog: CameraDialog) -> Eye:
    assert dialog.eye is not None
    return dialog.eye


def sees(eye: Eye, colour: str) -> None:
    picture = QImage(640, 480, QImage.Format.Format_RGB32)
    picture.fill(QColor(colour))
    stands_before(eye, picture)


def test_without_a_camera_it_says_so_and_what_to_do(panel: PortraitPanel, plugs: Plugs, qtbot: QtBot) -> None:
    dialog = opened(panel, qtbot)
    assert dialog.seen.text().startswith("No camera is plugged in.")
    assert INSTEAD in dialog.seen.text()
    assert not dialog.take.isEnabled()
    assert (nameless(dialog), keyless(dialog)) == ([], [])
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(dialog.isHidden, timeout=PATIENCE_MS)


def test_what_the_camera_sees_is_taken_with_a_key(panel: PortraitPanel, plugs: Plugs, qtbot: QtBot) -> None:
    plugs.put_in()
    dialog = opened(panel, qtbot)
    eye = eye_of(dialog)
    sees(eye, "steelblue")
    qtbot.waitUntil(dialog.take.isEnabled, timeout=PATIENCE_MS)
    with qtbot.waitSignal(panel.taken, timeout=PATIENCE_MS) as taken:
        QTest.keyClick(dialog, Qt.Key.Key_Return)
    picture = QImage.fromData(taken.args[0])
    assert (picture.width(), picture.height()) == (640, 480)
    qtbot.waitUntil(dialog.isHidden, timeout=PATIENCE_MS)
    assert eye.camera is None


def test_a_camera_that_is_unplugged_is_missed_and_comes_back(panel: PortraitPanel, plugs: Plugs, qtbot: QtBot) -> None:
    dialog = opened(panel, qtbot)
    eye = eye_of(dialog)
    plugs.put_in(eye)
    sees(eye, "steelblue")
    qtbot.waitUntil(dialog.take.isEnabled, timeout=PATIENCE_MS)
    plugs.pull_out(eye)
    assert dialog.seen.text().startswith("The camera was unplugged.")
    assert INSTEAD in dialog.seen.text()
    assert not dialog.take.isEnabled()
    plugs.put_in(eye)
    sees(eye, "tomato")
    qtbot.waitUntil(dialog.take.isEnabled, timeout=PATIENCE_MS)
    assert not dialog.seen.pixmap().isNull()


def test_a_camera_that_gives_nothing_is_told_of(panel: PortraitPanel, plugs: Plugs, qtbot: QtBot) -> None:
    plugs.put_in()
    dialog = opened(panel, qtbot)
    eye = eye_of(dialog)
    eye.camera.errorOccurred.emit(plugs.media.QCamera.Error.CameraError, "Device or resource busy")
    assert dialog.seen.text().startswith("The camera gives no picture: another program may be using it")
    assert INSTEAD in dialog.seen.text()


@dataclass
class Answer:
    """What the system says of a permission."""

    given: Qt.PermissionStatus

    def status(self) -> Qt.PermissionStatus:
        return self.given


class RefusingSystem:
    """A system that asks whoever sits there, who refuses. It answers later, as a dialog does."""

    def __init__(self) -> None:
        self.asked_for: list[object] = []

    def instance(self) -> RefusingSystem:
        return self

    def checkPermission(self, _: object) -> Qt.PermissionStatus:  # noqa: N802 - Qt's name
        return Qt.PermissionStatus.Denied if self.asked_for else Qt.PermissionStatus.Undetermined

    def requestPermission(  # noqa: N802 - Qt's name
        self, permission: object, context: QObject, tell: Callable[[Answer], object]
    ) -> None:
        self.asked_for.append(permission)
        QTimer.singleShot(0, context, lambda: tell(Answer(Qt.PermissionStatus.Denied)))


def test_a_camera_that_is_refused_is_told_of(
    panel: PortraitPanel, plugs: Plugs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = RefusingSystem()
    monkeypatch.setattr("kiosk.desk.windows.camera.QCoreApplication", system)
    plugs.put_in()
    dialog = opened(panel, qtbot)
    refused = "The system does not let this program use the camera."
    qtbot.waitUntil(lambda: dialog.seen.text().startswith(refused), timeout=PATIENCE_MS)
    assert [type(permission) for permission in system.asked_for] == [QCameraPermission]
    assert INSTEAD in dialog.seen.text()
    assert not dialog.take.isEnabled()
    assert eye_of(dialog).camera is None


def test_a_library_that_is_missing_is_told_of(
    panel: PortraitPanel, plugs: Plugs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.import_module

    def missing(name: str, package: str | None = None) -> ModuleType:
        if name == "PySide6.QtMultimedia":
            raise ImportError("libpulse.so.0: cannot open shared object file")
        return found(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    dialog = opened(panel, qtbot)
    assert dialog.seen.text().startswith("A part of this computer's system that cameras need is not installed.")
