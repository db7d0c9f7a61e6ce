"""Whether there is a screen for windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def why_no_screen(environment: Mapping[str, str], platform: str) -> str | None:
    """None where there is one, or nobody can tell. Without, Qt ends the process and advises to install it again."""
    if platform != "linux" or any(environment.get(name) for name in _SCREENS):
        return None
    return (
        "there is no screen for the desk's window (neither DISPLAY nor WAYLAND_DISPLAY is set): "
        "start it in a desktop session, or set QT_QPA_PLATFORM"
    )
