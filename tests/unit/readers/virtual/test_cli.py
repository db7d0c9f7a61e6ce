"""``readers card``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from readers.virtual import attesting
from readers.virtual.card import VirtualCard
from readers.virtual.cli import card_app
from readers.virtual.profiles import PROFILES

OPTIONS = ("--port", "--host", "--state", "--contactless", "--journal", "--product", "--strict")


def test_a_new_card(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    done = CliRunner().invoke(card_app, ["new", str(path), "--strict"])
    assert done.exit_code == 0
    assert json.loads(path.read_text())["profile"] == "strict"


@pytest.mark.parametrize("product", PROFILES)
def test_a_new_card_of_a_product(tmp_path: Path, product: str) -> None:
    path = tmp_path / "anna.json"
    assert CliRunner().invoke(card_app, ["new", str(path), "--product", product]).exit_code == 0
    assert json.loads(path.read_text())["profile"] == product


def test_a_product_that_nobody_knows(tmp_path: Path) -> None:
    done = CliRunner().invoke(card_app, ["new", str(tmp_path / "anna.json"), "--product", "best"])
    assert done.exit_code == 2
    assert "pivapplet-like" in done.stderr


def test_the_root_of_software_cards() -> None:
    done = CliRunner().invoke(card_app, ["root"])
    assert x509.load_pem_x509_certificate(done.stdout.encode()).public_key() == attesting.root().public_key()


def test_a_card_is_not_made_twice(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    CliRunner().invoke(card_app, ["new", str(path)])
    before = path.read_bytes()
    done = CliRunner().invoke(card_app, ["new", str(path)])
    assert done.exit_code == 1
    assert path.read_bytes() == before


def test_a_busy_card_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    with VirtualCard(path):
        done = CliRunner().invoke(card_app, ["serve", "--state", str(path)])
    assert done.exit_code == 1
    assert "another reader" in done.stderr


def test_a_file_that_is_no_card_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    path.write_text("{}")
    done = CliRunner().invoke(card_app, ["serve", "--state", str(path)])
    assert done.exit_code == 1
    assert "not the state of a card" in done.stderr


def test_help_names_the_options_and_an_example() -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m", "", CliRunner().invoke(card_app, ["serve", "--help"], terminal_width=200).stdout)
    assert all(option in shown for option in OPTIONS)
    assert "Example: readers card serve" in shown
