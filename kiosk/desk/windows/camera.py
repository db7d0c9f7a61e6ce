"""A photograph by a camera at the desk. QtMultimedia is the extra `desk-camera`: without it there is no such button."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from kiosk.desk.windows.parts import button


def installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("PySide6.QtMultimedia") is not None


class CameraDialog(QDialog):
    """What the camera sees, until the officer takes the picture or presses Esc."""

    def __init__(self, parent: QWidget, words: dict[str, Any], taken: Callable[[QImage], object]) -> None:
        super().__init__(parent)
        media = importlib.import_module("PySide6.QtMultimedia")
        self._taken = taken
        self._last = QImage()
        self.seen = QLabel(words["no_camera"])
        self.seen.setAccessibleName(words["camera"])
        self.take = button(words["take_picture"], "Return", self._take)
        self.take.setEnabled(False)
        self.setWindowTitle(words["camera"])
        self._session, self._sink = media.QMediaCaptureSession(self), media.QVideoSink(self)
        self._camera = media.QCamera(self)
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self._sink)
        self._sink.videoFrameChanged.connect(self._show)
        self.finished.connect(self._camera.stop)
        layout = QVBoxLayout(self)
        layout.addWidget(self.seen, 1)
        layout.addWidget(self.take)
        self._camera.start()

    def _show(self, frame: Any) -> None:
        image = frame.toImage()
        if not image.isNull():
            self._last = image
            self.seen.setPixmap(QPixmap.fromImage(image).scaledToHeight(self.fontMetrics().height() * 24))
            self.take.setEnabled(True)

    def _take(self) -> None:
        self._taken(self._last)
        self.accept()
