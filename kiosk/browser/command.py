"""How Chromium is started: what it may show and do, and what it is told of its surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

FLAGS: Final = (
    "--kiosk",
    "--incognito",  # nothing of what was shown is written to its folder
    "--remote-debugging-pipe",  # not a port: only the process that holds the other end speaks with it
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--hide-crash-restore-bubble",
    "--disable-session-crashed-bubble",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-features=Translate,MediaRouter,GlobalMediaControls,OptimizationHints,InterestFeedContentSuggestions",
    "--no-pings",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",  # the chime for a card that is left in the slot
    "--enable-speech-dispatcher",  # the voice that reads a screen aloud
)
_TOLD: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "PULSE_SERVER",
)


def command(program: str, folder: Path, more: Sequence[str] = ()) -> list[str]:
    """The command line. Everybody on the machine can read it, so there is no link in it."""
    return [program, *FLAGS, f"--user-data-dir={folder}", *more, "about:blank"]


def environment(ours: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What a browser needs to know of the screen and the sound; nothing of the kiosk's settings."""
    return {name: ours[name] for name in _TOLD if name in ours} | {"HOME": str(folder)}
