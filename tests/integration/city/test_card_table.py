"""Moving the card of a running city, as `city card` and as the buttons of the card table do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import typer

from kiosk.city.card_table import CardTable, Position, open_table
from kiosk.city.run import move_card
from kiosk.city.stage import CardFiles, LoopbackStage


@pytest.fixture
def table(tmp_path: Path) -> CardTable:
    return CardTable(LoopbackStage(tmp_path), CardFiles.named(tmp_path, "card"))


@pytest.fixture
def address(table: CardTable, tmp_path: Path) -> Iterator[str]:
    with open_table(table, "http://127.0.0.1:1/") as address:
        (tmp_path / "city.json").write_text(json.dumps({"address": address}))
        yield address


@pytest.mark.usefixtures("address")
def test_the_command_moves_the_card(table: CardTable, tmp_path: Path) -> None:
    for position in (Position.HOLD, Position.INSERT, Position.OFF):
        move_card(tmp_path, position)
        assert table.position is position


def test_a_page_of_another_site_does_not(table: CardTable, address: str) -> None:
    answer = httpx.post(f"{address}card", data={"position": "hold"}, headers={"Origin": "http://example.com"})
    assert answer.status_code == 403
    assert table.position is Position.OFF


def test_without_a_city_the_command_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="make run"):
        move_card(tmp_path, Position.HOLD)
