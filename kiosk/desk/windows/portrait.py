"""The photograph: from a file, the clipboard or, where that is installed, a camera; and the part that is kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from kiosk.desk.cropping import Frame
from kiosk.desk.windows import camera
from kiosk.desk.windows.crop import CropView
from kiosk.desk.windows.files import FileBox
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import button
from kiosk.desk.words import Words


class PortraitPanel(QFrame):
    """Part of the page."""

    file_chosen = Signal(Path)
    taken = Signal(bytes)
    """A picture from the clipboard or the camera."""
    moved = Signal()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self.setAccessibleName(self.words["photo"])
        self.view = CropView(self.words["photo"], self.words["photo_keys"])
        self.view.moved.connect(self.moved)
        self.file = FileBox(self.words["photo_file"], self.words["browse"], "Ctrl+O", "*.jpg *.jpeg *.png")
        self.file.chosen.connect(self.file_chosen)
        self.paste = button(self.words["paste"], "Ctrl+Shift+V", self._paste)
        self.keys = Label(self.words["photo_keys"])
        self.keys.setWordWrap(True)
        self.keys.setProperty("role", "hint")
        self.fault = Label()
        self.fault.setWordWrap(True)
        self.fault.setProperty("role", "fault")
        sources = QHBoxLayout()
        sources.addWidget(self.paste)
        if camera.installed():
            sources.addWidget(button(self.words["camera"], "Ctrl+K", self._shoot))
        sources.addStretch()
        layout = QVBoxLayout(self)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.keys)
        layout.addWidget(self.file)
        layout.addLayout(sources)
        layout.addWidget(self.fault)

    @property
    def frame_kept(self) -> Frame | None:
        """The part that is kept; None while there is no photograph."""
        return self.view.frame

    def show_picture(self, picture: bytes, frame: Frame) -> None:
        """With this part of it."""
        self.fault.clear()
        self.view.show_picture(picture, frame)

    def refuse(self, reason: str) -> None:
        """Say why there is no photograph."""
        self.fault.setText(self.words["photo_faults"][reason])

    def clear(self) -> None:
        """Show nobody."""
        self.fault.clear()
        self.view.clear()

    def _paste(self) -> None:
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self.refuse("nothing-to-paste")
        else:
            self.taken.emit(_as_png(image))

    def _shoot(self) -> None:
        camera.CameraDialog(self, self.words, lambda image: self.taken.emit(_as_png(image))).open()


def _as_png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())
