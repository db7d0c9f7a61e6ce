"""A picture that somebody looks at: as large as there is room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent

from kiosk.desk.windows.label import Label

_LEAST: QSize = QSize(1, 1)


class Picture(Label):
    """Hidden while there is none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setMinimumSize(_LEAST)  # else a large picture holds the window open
        self._whole = QPixmap()
        self.hide()

    def show_bytes(self, picture: bytes) -> None:
        """A JPEG or PNG."""
        self._whole = QPixmap.fromImage(QImage.fromData(picture))
        self.show()
        self._fit()

    def say(self, sentence: str) -> None:
        """Instead of a picture."""
        self.clear()
        self.setText(sentence)
        self.show()

    def clear(self) -> None:
        """Show nothing."""
        super().clear()
        self._whole = QPixmap()
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self._whole.isNull():
            width = max(self.width(), 1)
            fitting = self._whole.scaledToWidth(
                min(width, self._whole.width()), Qt.TransformationMode.SmoothTransformation
            )
            self.setPixmap(fitting)
            self.setMinimumHeight(fitting.height())
