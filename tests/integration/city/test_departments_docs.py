"""docs/departments.md integrates a department: its blocks are run as they stand, against a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kiosk.city.sandbox.commands import PORT
from tests.fixtures.pages import blocks, promised
from tests.fixtures.sandbox import Sandbox

PAGE = "departments.md"
DOCUMENTED = f"http://127.0.0.1:{PORT}"


def as_one_program(page: str, url: str) -> str:
    """The Python of a page, with what it has the reader type in between typed where it stands."""
    return "\n".join(_runnable(language, text.replace(DOCUMENTED, url)) for language, text in blocks(page))


def _runnable(language: str, text: str) -> str:
    if language == "python":
        return text
    shell = f"('bash', '-euo', 'pipefail', '-c', {text!r})"
    return f"__import__('subprocess').run({shell}, check=True, stdout=__import__('sys').stderr)"


def test_the_page_integrates_a_department(sandbox: Sandbox, tmp_path: Path) -> None:
    program = as_one_program(PAGE, sandbox.url)
    (tmp_path / "integrate.py").write_text(program)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        (sys.executable, "integrate.py"),
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "CITY_SANDBOX": str(sandbox.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == promised(PAGE)
