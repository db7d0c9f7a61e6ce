"""Two screens: the citizen chooses their PIN on the one that the clerk does not look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from kiosk.desk.windows.citizens_pin import second_screen

app = QApplication([])
for screen in QGuiApplication.screens():
    window = QWidget()
    page = QWidget(window)
    window.setGeometry(screen.geometry().adjusted(20, 20, -20, -20))
    window.show()
    app.processEvents()
    assert window.screen() is screen, screen.name()
    second = second_screen(page)
    print(screen.name(), "-" if second is None else second.name())
"""


def screens(*names: str) -> dict[str, object]:
    """Beside each other, as Qt's plugin for computers without any takes them from a file."""
    dots = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    return {
        "synchronousWindowSystemEvents": False,
        "windowFrameMargins": True,
        "screens": [
            {"name": name, "x": 1280 * place, "y": 0, "width": 1280, "height": 1024, **dots}
            for place, name in enumerate(names)
        ],
    }


@pytest.mark.parametrize(
    ("there", "seen"), [(("left",), ["left -"]), (("left", "right"), ["left right", "right left"])], ids=["one", "two"]
)
def test_the_citizens_is_the_one_without_the_clerks_window(
    tmp_path: Path, there: tuple[str, ...], seen: list[str]
) -> None:
    file = tmp_path / "screens.json"
    file.write_text(json.dumps(screens(*there)))
    environment = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={file}"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.splitlines()) == seen
