"""The bar at the top: the window's language and looks, and help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cardsvc.wire.manifest import Language
from kiosk.desk.colours import Theme
from kiosk.desk.windows.theme import SIZES, Looks
from kiosk.desk.words import Words, words_in

_ALSO: Final[Mapping[str, tuple[str, ...]]] = {"Ctrl++": ("Ctrl+=",)}
"""The same key without shift, as browsers take it."""


def fill(
    bar: QMenuBar, words: Words, looks: Looks, speak: Callable[[Language], None], keys: Callable[[], None]
) -> None:
    """Everything in it, in the language of the words."""
    texts = words["window"]
    for gone in bar.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
        gone.deleteLater()  # which `clear` leaves, each time another language is chosen
    bar.clear()
    bar.setAccessibleName(texts["bar"])
    _add_languages(bar.addMenu(texts["language"]), words.language, speak)
    view = bar.addMenu(texts["looks"])
    _add_themes(view, words, looks)
    view.addSeparator()
    for name, key, does in (
        ("larger", "Ctrl++", looks.larger),
        ("smaller", "Ctrl+-", looks.smaller),
        ("usual_size", "Ctrl+0", partial(looks.resize, SIZES[0])),
    ):
        _add(view, texts[name], key, does)
    _add(bar.addMenu(texts["help"]), texts["keys"], "F1", keys)


def _add(menu: QMenu, text: str, key: str, does: Callable[[], None]) -> None:
    action = QAction(text, menu)
    action.setShortcuts([QKeySequence(each) for each in (key, *_ALSO.get(key, ()))])
    action.triggered.connect(lambda _checked: does())
    menu.addAction(action)


def _add_languages(menu: QMenu, now: Language, speak: Callable[[Language], None]) -> None:
    group = QActionGroup(menu)
    for language in Language:
        action = QAction(words_in(language).called, group, checkable=True, checked=language is now)
        action.triggered.connect(lambda _checked, language=language: speak(language))
        menu.addAction(action)


def _add_themes(menu: QMenu, words: Words, looks: Looks) -> None:
    group = QActionGroup(menu)
    for theme in Theme:
        text = words["window"][f"theme_{theme.value}"]
        action = QAction(text, group, checkable=True, checked=theme is looks.theme)
        action.triggered.connect(lambda _checked, theme=theme: looks.choose(theme))
        menu.addAction(action)
