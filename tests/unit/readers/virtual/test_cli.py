"""``readers card``."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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


def test_a_new_card_for_programs(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    new = ["new", str(path), "--product", "pivapplet-like", "--json"]
    assert json.loads(CliRunner().invoke(card_app, new).stdout) == {"card": str(path), "product": "pivapplet-like"}
    again = CliRunner().invoke(card_app, new)
    assert again.exit_code == 1
    assert json.loads(again.stdout)["error"] == "card-exists"
    nowhere = CliRunner().invoke(card_app, ["new", str(tmp_path / "none" / "card.json"), "--json"])
    assert nowhere.exit_code == 1
    assert json.loads(nowhere.stdout)["error"] == "file-unusable"


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


@contextmanager
def served(*options: str) -> Iterator[IO[str]]:
    """What ``readers card serve`` prints, in a process of its own."""
    command = [sys.executable, "-m", "readers.virtual.cli", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.terminate()


def test_it_says_once_that_it_waits_and_when_it_is_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ("--state", str(tmp_path / "anna.json"), "--port", str(port))
    with served(*options) as said:
        assert said.readline() == f"waiting for pcscd at 127.0.0.1:{port}\n"
        with socket.create_server(("127.0.0.1", port)) as listener:
            assert said.readline() == f"anna.json is on 127.0.0.1:{port} (contact)\n"
            listener.accept()[0].close()
            listener.accept()[0].close()
        assert said.readline() == f"waiting for pcscd at 127.0.0.1:{port}\n"


def test_where_it_is_for_programs(tmp_path: Path) -> None:
    card = str(tmp_path / "anna.json")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with served("--state", card, "--port", str(port), "--contactless", "--json") as said:
            assert json.loads(said.readline()) == {
                "card": card,
                "state": "on-the-reader",
                "address": f"127.0.0.1:{port}",
                "contactless": True,
            }


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
