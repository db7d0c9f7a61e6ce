"""How the desk looks: light or dark, and how large."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from kiosk.desk.colours import DARK, LIGHT, Colours, Theme

SIZES: Final = (100, 110, 125, 150, 175, 200)
"""Per cent."""
_POINTS: Final = 10.5
_TITLE: Final = 1.35
_SMALL: Final = 0.88

_ROLES: Final = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "other_row",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "quiet",
    QPalette.ColorRole.Button: "button",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.ToolTipBase: "notice",
    QPalette.ColorRole.ToolTipText: "on_notice",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.BrightText: "lost",
}
_MARKS: Final = Path(__file__).parent / "marks"
"""Arrows and ticks: where the edge of a field has a colour of its own, Qt draws none that could be seen."""
_OFF: Final = (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText)

# Qt counts no padding at the sides when it looks where a cell's lines break.
# Lengths are in `em`, so that they grow with the text. An edge is as wide with the focus as without it: nothing moves.
_SHEET: Final = """
QLabel[role="title"], QLabel[role="happened"] {{ font-size: {title}pt; font-weight: 600; }}
QLabel[role="small"], QLabel[role="hint"], QLabel[role="fault"] {{ font-size: {small}pt; }}
QLabel[role="hint"] {{ color: {c.quiet}; }}
QLabel[role="fault"] {{ color: {c.lost}; font-weight: 600; }}
QFrame[role="panel"] {{ border: 1px solid {c.edge}; border-radius: 4px; }}
#message {{ background: {c.notice}; border: 1px solid {c.edge}; border-radius: 4px; }}
#message QLabel {{ color: {c.on_notice}; background: transparent; }}
#message[failed="true"] {{ background: {c.failure}; border: 2px solid {c.failure_edge}; }}
#message[failed="true"] QLabel {{ color: {c.on_failure}; }}
#message QLabel[role="happened"] {{ font-size: {points}pt; }}
#connection[reached="true"] {{ color: {c.connected}; }}
#connection[reached="false"] {{ color: {c.lost}; font-weight: 600; }}
#pages {{ border-radius: 4px; }}
QListView::item {{ padding: 0.15em 0.3em; }}
QTableView::item {{ padding: 0.1em 0.3em; }}
QTableView[role="wrapped"]::item {{ padding: 0.1em 0; }}
#pages::item {{ padding: 0.4em 0.5em; }}
QPushButton {{ padding: 0.35em 0.9em; border: 2px solid {c.edge}; border-radius: 4px; background: {c.button}; }}
QPushButton:default, QPushButton[role="main"] {{ background: {c.accent}; color: {c.on_accent}; }}
QPushButton:disabled {{ background: {c.button}; color: {c.off}; border-style: dashed; }}
QLineEdit, QComboBox, QPlainTextEdit, QTextEdit, QDateEdit, QSpinBox {{
    background: {c.surface}; color: {c.text}; border: 2px solid {c.edge}; border-radius: 3px;
    padding: 0.25em 0.4em; selection-background-color: {c.accent}; selection-color: {c.on_accent};
    placeholder-text-color: {c.quiet};
}}
QComboBox::drop-down, QDateEdit::drop-down {{
    subcontrol-origin: padding; subcontrol-position: center right; width: 1.6em; border: 0; }}
QComboBox::down-arrow, QDateEdit::down-arrow, QSpinBox::down-arrow {{
    image: url("{marks}/down-{theme}.svg"); width: 0.8em; height: 0.8em; }}
QSpinBox QLineEdit {{ border: 0; padding: 0 0.4em; }}
QSpinBox::up-button, QSpinBox::down-button {{ subcontrol-origin: padding; width: 1.6em; border: 0; }}
QSpinBox::up-button {{ subcontrol-position: top right; }}
QSpinBox::down-button {{ subcontrol-position: bottom right; }}
QSpinBox::up-arrow {{ image: url("{marks}/up-{theme}.svg"); width: 0.6em; height: 0.6em; }}
QSpinBox::down-arrow {{ width: 0.6em; height: 0.6em; }}
QLineEdit:disabled, QComboBox:disabled, QPlainTextEdit:disabled {{ color: {c.off}; background: {c.window}; }}
QTableView {{ min-height: 9em; }}
QListWidget[role="list"] {{ min-height: 6em; }}
QScrollArea[role="details"] {{ min-height: 16em; }}
QTableView, QListView, QTreeView {{ alternate-background-color: {c.other_row}; gridline-color: {c.edge};
    border: 2px solid {c.edge}; }}
QHeaderView::section {{ padding: 0.3em 0.5em; background: {c.button}; color: {c.text}; border: 0;
    border-right: 1px solid {c.edge}; border-bottom: 1px solid {c.edge}; font-weight: 600; }}
QLineEdit[wrong="true"] {{ border-color: {c.failure_edge}; }}
QHeaderView::section:vertical {{ padding: 0; }}
QPushButton:focus, QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus, QDateEdit:focus,
QSpinBox:focus, QTableView:focus, QListView:focus, QTreeView:focus {{ border-color: {c.focus}; }}
QPushButton:default:focus, QPushButton[role="main"]:focus {{ border-color: {c.text}; }}
QRadioButton::indicator, QCheckBox::indicator {{
    width: 1em; height: 1em; border: 2px solid {c.edge}; background: {c.surface}; }}
QRadioButton::indicator {{ border-radius: 0.5em; }}
QCheckBox::indicator {{ border-radius: 3px; }}
QRadioButton::indicator:focus, QCheckBox::indicator:focus {{ border-color: {c.focus}; }}
QCheckBox::indicator:checked {{
    border-color: {c.accent}; background: {c.accent}; image: url("{marks}/tick-{theme}.svg"); }}
QRadioButton::indicator:checked {{ background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
    stop: 0 {c.accent}, stop: 0.55 {c.accent}, stop: 0.65 {c.surface}, stop: 1 {c.surface}); }}
QRadioButton::indicator:disabled, QCheckBox::indicator:disabled {{ border-style: dashed; }}
QTabWidget::pane {{ border: 1px solid {c.edge}; top: -1px; }}
QTabBar::tab {{ padding: 0.35em 0.9em; border: 1px solid {c.edge}; background: {c.button}; color: {c.text};
    border-top-left-radius: 4px; border-top-right-radius: 4px; margin-right: 2px; }}
QTabBar::tab:selected {{ background: {c.window}; border-bottom-color: {c.window}; border-top: 3px solid {c.accent}; }}
QTabBar::tab:focus {{ border-top-color: {c.focus}; }}
QScrollArea {{ border: 0; }}
QProgressBar {{ border: 0; border-radius: 3px; background: {c.button}; max-height: 0.7em; }}
QProgressBar::chunk {{ border-radius: 3px; background: {c.accent}; }}
"""


def palette_of(colours: Colours) -> QPalette:
    """For all widgets."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, QColor(getattr(colours, name)))
    for role in _OFF:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.off))
    return palette


def sheet_of(colours: Colours, points: float) -> str:
    """For all widgets, too: what a palette cannot say."""
    theme = Theme.DARK if colours is DARK else Theme.LIGHT
    sizes = {"points": points, "title": points * _TITLE, "small": points * _SMALL}
    return _SHEET.format(c=colours, marks=_MARKS.as_posix(), theme=theme.value, **sizes)


class Looks(QObject):
    """How all windows of this process look. It follows the desktop where that says light or dark."""

    changed = Signal()

    def __init__(self, theme: Theme, size: int, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme
        self.size = size
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._desktop_changed)
        self._apply()

    @property
    def colours(self) -> Colours:
        """Those that are shown."""
        dark = {Theme.LIGHT: False, Theme.DARK: True}.get(
            self.theme, QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        return DARK if dark else LIGHT

    def choose(self, theme: Theme) -> None:
        """Light, dark, or as the desktop has it."""
        self.theme = theme
        self._apply()

    def larger(self) -> None:
        """The next size, if there is one."""
        self.resize(min((size for size in SIZES if size > self.size), default=self.size))

    def smaller(self) -> None:
        """Likewise."""
        self.resize(max((size for size in SIZES if size < self.size), default=self.size))

    def resize(self, size: int) -> None:
        """Per cent."""
        self.size = size
        self._apply()

    def _desktop_changed(self) -> None:
        if self.theme is Theme.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 - there is no window without it
        points = _POINTS * self.size / 100
        app.setStyle("Fusion")  # the same everywhere, and it takes all colours from the palette
        app.setPalette(palette_of(self.colours))
        font = app.font()
        font.setPointSizeF(points)
        app.setFont(font)
        app.setStyleSheet(sheet_of(self.colours, points))
        self.changed.emit()
