"""``docs/readers.md`` is true: its example runs, and its tables leave nothing out."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from readers import errors
from readers.cli import app
from readers.doctor import Diagnosis
from readers.piv import products
from readers.virtual.profiles import PROFILES

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "readers.md").read_text()


def test_the_example_for_other_peoples_tests_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_example.py").write_text(example)
    # As somebody else would: no fixtures and no settings of ours.
    command = (sys.executable, "-m", "pytest", "-q", "--noconftest", "-c", "/dev/null", "-p", "no:cacheprovider", ".")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert f"{len(PROFILES)} passed" in done.stdout, done.stdout


def test_every_error_is_in_the_table() -> None:
    classes = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    assert {name for name in classes - {"ReaderError"} if f"`{name}`" not in TEXT} == set()


def test_every_diagnosis_is_in_the_table() -> None:
    assert {diagnosis for diagnosis in Diagnosis if f"`{diagnosis}`" not in TEXT} == set()


def test_every_product_is_in_the_table() -> None:
    known = [found.name for found in vars(products).values() if isinstance(found, products.Product)]
    assert len(known) >= 6
    assert [name for name in known if f"| {name} |" not in TEXT] == []


def commands() -> list[tuple[str, ...]]:
    root = get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in vars(root)["commands"].items():
        inner = vars(command).get("commands")
        found += [(name, other) for other in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_in_the_table_and_has_an_example(command: tuple[str, ...]) -> None:
    assert f"`readers {' '.join(command)}`" in TEXT
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "120"})
    assert "Example: readers" in shown.output


def test_its_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= headings
    assert all((ROOT / path).is_file() for path in re.findall(r"`(readers/[a-z_/]+\.py)`", TEXT))
