"""What `docs/trust.md` and the runbooks name is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardsvc.cli import app

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
COMMANDS = sorted(
    {
        line.strip().partition(" >")[0]
        for path in (DOCS / "runbooks").glob("*.md")
        for line in path.read_text().splitlines()
        if line.startswith("       cardsvc ")
    }
)


def test_every_test_in_the_threat_table_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "trust.md").read_text()))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert len(named) > 20
    assert named - written == set()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_in_the_runbooks_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command = words[:1] if words[0] == "keygen" else words[:2]
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "300"}).stdout
    for option in (word for word in words if word.startswith("--")):
        assert option in shown, line
    assert "Usage:" in shown
