"""Where Python collects its garbage: in the window's thread alone.

By itself it is collected in whichever thread happens to allocate, and parts of windows would be taken apart beside the
thread that draws them, which Qt does not survive.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_EVERY_MS: Final = 500


class Collector(QObject):
    """From its beginning until `stop`. Between events, nothing of Qt is in the middle of anything."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def stop(self) -> None:
        """The window has gone: as it was."""
        self._timer.stop()
        gc.enable()

    def _collect(self) -> None:
        """As many generations as are due (`gc.get_threshold`)."""
        due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if any(due):
            gc.collect(max(number for number, is_due in enumerate(due) if is_due))
