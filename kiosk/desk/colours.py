"""The desk's colours, by day and by night, and how well they can be told apart (WCAG 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

READABLE: Final = 4.5
"""Text against what is behind it (success criterion 1.4.3, level AA)."""
VISIBLE: Final = 3.0
"""Edges of fields and the mark of the focus (1.4.11, level AA)."""
_STEPS: Final = 255
_LINEAR_BELOW: Final = 0.04045


class Theme(StrEnum):
    """Which of the two."""

    SYSTEM = "system"
    """As the desktop has it."""
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """One set, each as ``#rrggbb``."""

    window: str
    surface: str
    """Fields, lists and tables."""
    other_row: str
    text: str
    quiet: str
    """Small print and hints."""
    edge: str
    accent: str
    """Buttons that act, the row that is chosen."""
    on_accent: str
    button: str
    focus: str
    off: str
    """Text of what cannot be used now. WCAG asks nothing of it; it can be read nevertheless."""
    notice: str
    on_notice: str
    failure: str
    on_failure: str
    failure_edge: str
    connected: str
    lost: str


LIGHT: Final = Colours(
    window="#f3f4f6",
    surface="#ffffff",
    other_row="#f0f4f8",
    text="#1a1f27",
    quiet="#4d5866",
    edge="#7b8694",
    accent="#0b57a4",
    on_accent="#ffffff",
    button="#e2e7ee",
    focus="#0b57a4",
    off="#58616d",
    notice="#e3eefa",
    on_notice="#12304f",
    failure="#fdecea",
    on_failure="#5c120c",
    failure_edge="#b3261e",
    connected="#17602f",
    lost="#a3140c",
)
DARK: Final = Colours(
    window="#16191e",
    surface="#20242b",
    other_row="#262b33",
    text="#eceff3",
    quiet="#b4bdc9",
    edge="#7d8896",
    accent="#8ec1f7",
    on_accent="#0b1c2e",
    button="#323944",
    focus="#8ec1f7",
    off="#aab2bd",
    notice="#1d3149",
    on_notice="#dcebfb",
    failure="#42191a",
    on_failure="#ffdad6",
    failure_edge="#ff9a90",
    connected="#83d79b",
    lost="#ff9a90",
)

TEXTS: Final = (
    ("text", "window"),
    ("text", "surface"),
    ("text", "other_row"),
    ("text", "button"),
    ("quiet", "window"),
    ("quiet", "surface"),
    ("on_accent", "accent"),
    ("off", "window"),
    ("off", "surface"),
    ("off", "button"),
    ("on_notice", "notice"),
    ("on_failure", "failure"),
    ("connected", "window"),
    ("lost", "window"),
)
"""Text, and what is behind it."""
EDGES: Final = (
    ("edge", "window"),
    ("edge", "surface"),
    ("focus", "window"),
    ("focus", "surface"),
    ("accent", "surface"),
    ("failure_edge", "failure"),
)
"""What has to be seen, and what it is seen against."""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / _STEPS) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_BELOW else float(((part + 0.055) / 1.055) ** 2.4)
