"""What was chosen for the window: there at the next start, and never in the way of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardsvc.wire.manifest import Language
from kiosk.desk.colours import Theme
from kiosk.desk.preferences import FILE, Preferences, keep, preferences_in

CHOSEN = Preferences(language=Language.CHINESE, theme=Theme.DARK, size=150)


def test_what_was_chosen_is_there_again_and_nothing_else(tmp_path: Path) -> None:
    keep(tmp_path, Preferences())
    keep(tmp_path, CHOSEN)
    assert preferences_in(tmp_path) == CHOSEN
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", "null", '{"language": "la"}', '{"size": 5000}', '{"theme": 7}', "\x00" * 64]
)
def test_a_broken_file_is_as_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    assert preferences_in(tmp_path) == Preferences()


def test_a_file_that_is_none_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert preferences_in(tmp_path) == Preferences()
    keep(tmp_path, CHOSEN)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    keep(tmp_path / "gone", CHOSEN)
    assert preferences_in(tmp_path / "gone") == Preferences()
