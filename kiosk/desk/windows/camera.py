"""A photograph by a camera at the desk. QtMultimedia is the extra `desk-camera`: without it there is no such button.

There may be no camera, it may be refused to us or taken away in the middle: whatever it is, the officer is told what
happened, and that a file or the clipboard does as well.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import button, fit_height


class CameraFault(StrEnum):
    """Why there is no picture."""

    NONE = "none"
    REFUSED = "refused"
    """The system does not let this program have the camera."""
    FAILED = "failed"
    """It is there and gives nothing: another program has it, or it is broken."""
    UNPLUGGED = "unplugged"
    BROKEN = "broken"
    """The extra is there, and a library of the system that it needs is not."""


def installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("PySide6.QtMultimedia") is not None


class Eye(QObject):
    """The first camera that is plugged in; also one that comes later. QtMultimedia stays behind this."""

    seen = Signal(QImage)
    failed = Signal(object)
    """With the `CameraFault`."""

    def __init__(self, parent: QObject) -> None:
        """Raises ImportError."""
        super().__init__(parent)
        self._media = importlib.import_module("PySide6.QtMultimedia")
        self.devices = self._media.QMediaDevices(self)
        self.sink = self._media.QVideoSink(self)
        self.camera: Any = None
        self._session = self._media.QMediaCaptureSession(self)
        self._session.setVideoSink(self.sink)
        self._wanted = False
        self.sink.videoFrameChanged.connect(self._show)
        self.devices.videoInputsChanged.connect(self._look_again)

    def open(self) -> None:
        """Ask for the camera; what comes of it is told by the signals."""
        self._wanted = True
        permission, app = QCameraPermission(), QCoreApplication.instance()
        if app is None or app.checkPermission(permission) is Qt.PermissionStatus.Granted:
            self.go_on(Qt.PermissionStatus.Granted)
        else:
            app.requestPermission(permission, self, lambda asked: self.go_on(asked.status()))

    def go_on(self, status: Qt.PermissionStatus) -> None:
        """The system has said whether we may."""
        if not self._wanted:
            return
        if status is not Qt.PermissionStatus.Granted:
            self._fail(CameraFault.REFUSED)
        elif not self.inputs():
            self._fail(CameraFault.NONE)
        else:
            self._start(self.inputs()[0])

    def close(self) -> None:
        """Let go of it."""
        self._wanted = False
        self._let_go()

    def inputs(self) -> Sequence[Any]:
        """The cameras that are plugged in."""
        cameras: Sequence[Any] = self._media.QMediaDevices.videoInputs()
        return cameras

    def _start(self, device: Any) -> None:
        self._let_go()
        self.camera = self._media.QCamera(device, self)
        self.camera.errorOccurred.connect(lambda _error, _text: self._fail(CameraFault.FAILED))
        self._session.setCamera(self.camera)
        self.camera.start()

    def _let_go(self) -> None:
        camera, self.camera = self.camera, None
        if camera is not None:
            camera.stop()
            self._session.setCamera(None)
            camera.deleteLater()

    def _fail(self, fault: CameraFault) -> None:
        self._let_go()
        self.failed.emit(fault)

    @Slot()
    def _look_again(self) -> None:
        """A camera was plugged in or out."""
        if not self._wanted:
            return
        if self.camera is None:
            self.open()
        elif self.camera.cameraDevice() not in self.inputs():
            self._fail(CameraFault.UNPLUGGED)

    def _show(self, frame: Any) -> None:
        image = frame.toImage()
        if self._wanted and not image.isNull():
            self.seen.emit(image)


class CameraDialog(QDialog):
    """What the camera sees, until the officer takes the picture or presses Esc."""

    def __init__(self, parent: QWidget, words: dict[str, Any], taken: Callable[[QImage], object]) -> None:
        super().__init__(parent)
        self.words = words
        self._taken = taken
        self._last = QImage()
        self.seen = Label(words["camera_starts"])
        self.seen.setWordWrap(True)
        self.seen.setAccessibleName(words["camera"])
        self.take = button(words["take_picture"], "Return", self._take)
        self.take.setProperty("role", "main")
        self.take.setEnabled(False)
        self.leave = button(words["camera_leave"], "Esc", self.reject)
        self.setWindowTitle(words["camera"])
        layout = QVBoxLayout(self)
        layout.addWidget(self.seen, 1)
        for one in (self.take, self.leave):
            layout.addWidget(one)
        self.eye: Eye | None = None
        self._open()

    def _open(self) -> None:
        try:
            eye = self.eye = Eye(self)
        except ImportError:
            self._say(CameraFault.BROKEN)
            return
        eye.seen.connect(self._show)
        eye.failed.connect(self._say)
        self.finished.connect(lambda _: eye.close())
        eye.open()

    @Slot(QImage)
    def _show(self, image: QImage) -> None:
        self._last = image
        self.seen.setPixmap(QPixmap.fromImage(image).scaledToHeight(self.fontMetrics().height() * 24))
        if not self.take.isEnabled():
            self.take.setEnabled(True)
            self.take.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def _say(self, fault: CameraFault) -> None:
        """What was seen last is no picture of whoever sits there now."""
        self._last = QImage()
        self.take.setEnabled(False)
        self.seen.clear()
        self.seen.setText("\n".join((self.words["camera_faults"][fault], self.words["camera_instead"])))
        self.seen.setAccessibleDescription(self.seen.text())
        fit_height(self)
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self) -> None:
        self._taken(self._last)
        self.accept()
