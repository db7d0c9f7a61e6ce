"""What docs/departments*.md tell a department to run is run as it stands there, against a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.city.sandbox.commands import FOLDER, PORT
from tests.fixtures.pages import blocks, promised
from tests.fixtures.sandbox import Sandbox

PYTHON, CURL = "departments.md", "departments-curl.md"
MOST_LINES = 20
"""Of the integration itself, which is the first block of Python."""


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder

    def blocks(self, page: str) -> list[tuple[str, str]]:
        """Those of the page, with the places of this sandbox instead of the usual ones."""
        places = {f"http://127.0.0.1:{PORT}": self.sandbox.url, str(FOLDER): str(self.sandbox.folder)}
        return [(language, _replaced(text, places)) for language, text in blocks(page)]

    def runs(self, *command: str) -> list[str]:
        """The lines that a command prints, which goes well."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "PATH": path, "CITY_SANDBOX": str(self.sandbox.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def reader(sandbox: Sandbox, tmp_path: Path) -> Reader:
    return Reader(sandbox, tmp_path)


def test_the_page_in_python_integrates_a_department(reader: Reader) -> None:
    program = "\n".join(_as_python(language, text) for language, text in reader.blocks(PYTHON))
    (reader.folder / "integrate.py").write_text(program)
    assert reader.runs(sys.executable, "integrate.py") == promised(PYTHON, "python")


def test_the_integration_itself_is_short() -> None:
    first = next(text for language, text in blocks(PYTHON) if language == "python")
    assert len([line for line in first.splitlines() if line]) <= MOST_LINES


@pytest.mark.needs("curl", "openssl")
def test_the_page_with_curl_and_openssl_integrates_a_department(reader: Reader) -> None:
    script = "\n".join(text for _, text in reader.blocks(CURL))
    assert reader.runs("bash", "-euo", "pipefail", "-c", script) == promised(CURL, "sh")


def _as_python(language: str, text: str) -> str:
    """What the reader types in between, typed where it stands."""
    if language == "python":
        return text
    shell = f"('bash', '-euo', 'pipefail', '-c', {text!r})"
    return f"__import__('subprocess').run({shell}, check=True, stdout=__import__('sys').stderr)"


def _replaced(text: str, places: dict[str, str]) -> str:
    for usual, here in places.items():
        text = text.replace(usual, here)
    return text
