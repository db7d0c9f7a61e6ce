"""Opens the desk's window."""

from __future__ import annotations

import signal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from kiosk.desk.equipment import Equipment
from kiosk.desk.preferences import preferences_in
from kiosk.desk.windows.frame import DeskWindow

_HEARD_EVERY_MS = 200
"""Python hears signals only while it runs; Qt's loop alone would wait for the next event."""


def show(equipment: Equipment) -> int:
    """Show it until it is closed; what to end the process with."""
    app = QApplication([])
    window = DeskWindow(equipment, preferences_in(equipment.folder))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    beat = QTimer()
    beat.timeout.connect(lambda: None)
    beat.start(_HEARD_EVERY_MS)
    window.show()
    code = app.exec()
    window.finish()
    return code
