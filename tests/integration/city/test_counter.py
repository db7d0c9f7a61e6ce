"""The counter of `make desk`: cards are moved by command and by buttons, officers sign in, residents wait."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest
import typer
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import ApplicationState
from kiosk.city.cli import app
from kiosk.city.counter.run import BLANKS, Opening, lay_out, move_card, open_desk
from kiosk.city.counter.table import PLACES, CounterTable, Reader, open_counter
from kiosk.city.founding import DESK, Plan, found, open_service
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import CardFiles, LoopbackStage
from kiosk.desk.cli import app as desk_app
from kiosk.desk.seat import Seat
from readers.piv.pin import Pin
from tests.fixtures.parts import require
from tests.fixtures.waiting import wait_until


@pytest.fixture
def table(tmp_path: Path) -> CounterTable:
    return CounterTable(LoopbackStage(tmp_path), {name: CardFiles.named(tmp_path, name) for name in ("ana", "bo")})


@pytest.fixture
def address(table: CounterTable, tmp_path: Path) -> Iterator[str]:
    with open_counter(table) as address:
        (tmp_path / "counter.json").write_text(json.dumps({"address": address}))
        yield address


@pytest.mark.usefixtures("address")
def test_cards_make_room_for_each_other(table: CounterTable, tmp_path: Path) -> None:
    move_card(tmp_path, "ana", Reader.OFFICER)
    move_card(tmp_path, "bo", Reader.CARD)
    assert table.positions == {"ana": Reader.OFFICER, "bo": Reader.CARD}
    move_card(tmp_path, "bo", Reader.OFFICER)
    assert table.positions == {"ana": Reader.OFF, "bo": Reader.OFFICER}
    move_card(tmp_path, "bo", Reader.OFF)
    assert set(table.positions.values()) == {Reader.OFF}


@pytest.mark.usefixtures("address")
def test_a_card_that_is_not_there_is_not_moved(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="no such card"):
        move_card(tmp_path, "cy", Reader.CARD)


def test_the_page_has_a_button_for_each_card_and_answers_no_other_site(table: CounterTable, address: str) -> None:
    page = httpx.get(address).text
    assert page.count('<button name="where"') == len(table.cards) * len(Reader)
    assert CITIZENS_PIN in page
    answer = httpx.post(f"{address}card", data={"card": "ana", "where": "card"}, headers={"Origin": "http://x.example"})
    assert answer.status_code == 403


def test_without_a_counter_the_command_says_how_to_open_one(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="make desk"):
        move_card(tmp_path, "ana", Reader.OFFICER)


def test_a_counter_has_officers_blank_cards_and_residents_in_several_states(tmp_path: Path) -> None:
    plan = Plan.for_folder(tmp_path, departments=())
    found(plan)
    stage = LoopbackStage(tmp_path)
    with open_service(plan), ExitStack() as stack:
        cards = lay_out(plan)
        assert set(cards) >= {"ana", "bo", *BLANKS}
        officer, desk = (stack.enter_context(plan.caller(name)) for name in ("ana", DESK))
        states = Counter(one.state for one in officer.applications())
        assert states[ApplicationState.DRAFT] == 2
        assert states[ApplicationState.SUBMITTED] == 3
        assert states[ApplicationState.APPROVED] == 3

        def in_their_name(token: str) -> ServiceClient:
            return plan.caller(DESK, visit_token=token)

        table = CounterTable(stage, cards)
        table.move("bo", Reader.OFFICER)
        reader = stage.reader(PLACES[Reader.OFFICER])
        with Seat(desk, in_their_name).taken(reader, Pin(CITIZENS_PIN)) as sitting:
            assert sitting.officer.own_standing().client_id == "bo"
        require("pyside6")
        with open_desk(plan, stage, Opening()) as window:
            wait_until((tmp_path / "drafts").exists)
            os.kill(window.pid, 0)  # it is there, and its folder with it
        assert "Traceback" not in window.output


@pytest.mark.parametrize("command", [["desk"], ["desk-card"]])
def test_the_citys_commands_say_how_they_are_used(command: list[str]) -> None:
    said = CliRunner().invoke(app, [*command, "--help"])
    assert said.exit_code == 0
    assert f"Example: city {command[0]}" in said.output


def test_the_desks_help_has_an_example_that_its_options_understand() -> None:
    said = CliRunner().invoke(desk_app, ["--help"], env={"COLUMNS": "300", "TERMINAL_WIDTH": "300"})
    assert said.exit_code == 0
    (example,) = [line.split("Example: ", 1)[1] for line in said.output.splitlines() if "Example: " in line]
    options = [word for word in example.split() if word.startswith("--")]
    assert set(options) >= {"--service", "--client-id", "--key", "--roles", "--folder"}
    assert all(option in said.output.replace(example, "") for option in options)


NEEDED: Final = ("--service=http://127.0.0.1:9", "--client-id=desk-1", "--officer=slot:/nowhere/one")


def said_by_desk(*options: str, **environment: str) -> str:
    said = CliRunner().invoke(desk_app, [*NEEDED, *options], env={"TERMINAL_WIDTH": "300", **environment})
    assert said.exit_code == 2
    return " ".join(said.output.replace("│", "").split())


@pytest.mark.skipif(sys.platform != "linux", reason="screens are found in other ways elsewhere")
def test_a_desk_that_cannot_be_opened_says_so_in_a_sentence(tmp_path: Path) -> None:
    require("pyside6")
    private, folder = tmp_path / "desk.jwk", f"--folder={tmp_path / 'desk'}"
    private.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    private.chmod(0o600)
    key, card = f"--key={private}", "--card=slot:/nowhere/two"
    assert "one is named twice" in said_by_desk(key, folder, "--card=slot:/nowhere/one")
    assert "Not a directory" in said_by_desk(key, card, f"--folder={private / 'desk'}")
    without = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"), "")
    assert "there is no screen" in said_by_desk(key, folder, card, **without)
