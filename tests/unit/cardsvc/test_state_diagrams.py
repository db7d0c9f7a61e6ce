"""The page about the lifecycle shows the tables as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest
from typer.testing import CliRunner

from cardsvc.commands.states import app
from cardsvc.state_diagrams import APPLICATION_CAUSES, CARD_CAUSES, draw_applications, draw_cards, redraw
from cardsvc.transitions import APPLICATION_TRANSITIONS, CARD_TRANSITIONS

PAGE = Path(__file__).parents[3] / "docs" / "lifecycle.md"
S = TypeVar("S", bound=StrEnum)


def arrows(table: Mapping[S, frozenset[S]]) -> set[tuple[S, S]]:
    return {(state, follower) for state, followers in table.items() for follower in followers}


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert redraw(page) == page, "run: cardsvc states --write docs/lifecycle.md"


def test_every_arrow_has_its_cause_and_no_cause_is_without_its_arrow() -> None:
    assert set(APPLICATION_CAUSES) == arrows(APPLICATION_TRANSITIONS)
    assert set(CARD_CAUSES) == arrows(CARD_TRANSITIONS)


def test_the_diagram_has_every_arrow_once() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+) : ", draw_cards(), re.MULTILINE)
    assert sorted(drawn) == sorted((state.value, follower.value) for state, follower in arrows(CARD_TRANSITIONS))
    assert draw_applications().startswith("stateDiagram-v2\n    [*] --> draft\n")


@pytest.mark.parametrize("page", ["", "<!-- diagram: applications -->\n", PAGE.read_text().replace("cards -->", "")])
def test_a_page_without_a_place_is_left_alone(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(page)
    with pytest.raises(ValueError, match="no place for the diagram"):
        redraw(page)
    assert CliRunner().invoke(app, ["--write", str(tmp_path / "page.md")]).exit_code == 1
    assert (tmp_path / "page.md").read_text() == page


def test_the_command(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(re.sub(r"```mermaid\n.*?```\n", "", PAGE.read_text(), flags=re.DOTALL))
    assert CliRunner().invoke(app, ["--write", str(page)]).exit_code == 0
    assert page.read_text() == PAGE.read_text()
    diagrams = {"applications": draw_applications(), "cards": draw_cards()}
    assert json.loads(CliRunner().invoke(app, ["--json"]).stdout) == diagrams
    assert CliRunner().invoke(app, []).stdout == "\n".join(diagrams.values())
