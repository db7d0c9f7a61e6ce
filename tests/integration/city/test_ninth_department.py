"""A department that is nothing but what docs/departments.md says, on the kiosk by configuration alone."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from kiosk.city.founding import free_ports
from kiosk.city.processes import ChildProcess, python
from kiosk.city.sandbox.commands import PORT
from tests.fixtures.departments import NO_TLS
from tests.fixtures.pages import DOCS, blocks
from tests.fixtures.sandbox import OPEN_SECONDS, Sandbox
from tests.integration.kiosk.conftest import Visitor

PAGE: Final = "departments.md"
USUAL_PORT: Final = 8100
CODE: Final = "ninth"
"""Instead of the page's: other tests register that one in the same sandbox."""


@dataclass
class Developer:
    """Somebody with the page, a folder and a sandbox."""

    sandbox: Sandbox
    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def types(self, *beginnings: str) -> None:
        """Run those shell blocks of the page that begin so."""
        for beginning in beginnings:
            (script,) = [text for kind, text in blocks(PAGE) if kind == "sh" and text.startswith(beginning)]
            script = script.replace(f"http://127.0.0.1:{PORT}", self.sandbox.url).replace(
                str(USUAL_PORT), str(self.port)
            )
            subprocess.run(["bash", "-euo", "pipefail", "-c", self._here(script)], cwd=self.folder, check=True)

    def command(self, program: str) -> list[str]:
        """The arguments of the page's line that starts so, behind the program's name."""
        lines = [line.strip() for line in (DOCS / PAGE).read_text().splitlines() if line.startswith(f"    {program}")]
        assert len(lines) == 1, lines
        return shlex.split(self._here(lines[0]))[1:]

    def _here(self, text: str) -> str:
        text = text.replace(f"http://127.0.0.1:{PORT}", self.sandbox.url).replace("sports", CODE)
        return text.replace(str(USUAL_PORT), str(self.port))

    @contextmanager
    def running(self, name: str, command: tuple[str, ...], marker: str) -> Iterator[str]:
        with ChildProcess(name, command, {"PYTHONPATH": str(DOCS.parent)}, self.folder / f"{name}.log") as process:
            yield process.wait_for(marker, OPEN_SECONDS)

    def swims(self) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "pool.db") as database:
            return database.execute("SELECT lane, fee FROM swims").fetchall()


@pytest.fixture
def developer(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Developer]:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    developer = Developer(sandbox, tmp_path, free_ports(1)[0])
    developer.types("cardsvc keygen", "cat > pool.py")
    (tmp_path / "policy.json").write_text(_policy())
    sandbox.does("register", CODE, f"--key={CODE}.pub.jwk", "--policy=policy.json")
    with developer.running("pool", (sys.executable, "pool.py"), "the pool is open"):
        yield developer


def _policy() -> str:
    (script,) = [text for kind, text in blocks(PAGE) if kind == "sh" and text.startswith("cat > policy.json")]
    return script.split("<<'END'\n")[1].split("\nEND\n")[0]


def test_a_resident_is_served_by_it(developer: Developer) -> None:
    sandbox, kiosk = developer.sandbox, developer.command("city sandbox kiosk")
    present = developer.command("city sandbox present")
    command = python("kiosk.city", "sandbox", f"--folder={sandbox.folder}", *kiosk[1:])
    with (
        developer.running("kiosk", command, "for one browser:") as link,
        httpx.Client(base_url=link.partition("/enter")[0], timeout=60, verify=NO_TLS) as http,
    ):
        http.headers["Origin"] = str(http.base_url).rstrip("/")
        assert http.get(link).status_code == 303
        visitor = Visitor(http)
        visitor.look("attract")
        assert sandbox.command(*present[1:]).exit_code == 0
        view = visitor.look("services")
        ((department,),) = [[one for one in view["departments"] if one["code"] == CODE]]
        assert department["title"] == "Sports"
        assert [service["code"] for service in department["services"]] == ["pool"]

        visitor.press("/choose", department=CODE, service="pool")
        visitor.look("consent")
        visitor.press("/consent")
        visitor.look("form")
        visitor.press("/form", values={"lane": "3"})
        visitor.press("/check")
        done = visitor.look("done")
        assert developer.swims() == [(3, 10)]
        assert done["outcome"]["receipt"] == "SP-000001"
        assert sandbox.command("present").exit_code == 0


def test_it_does_once_what_it_is_sent_twice_and_spends_an_assertion(developer: Developer) -> None:
    tapped = developer.sandbox.does(
        "tap", "chen-jiaxin", f"--department={CODE}", "--service=pool", "--attributes=district"
    )
    asked = {"assertion": tapped["assertion"], "input": {"lane": 5}}
    key = str(uuid4())
    first, again, other = (
        httpx.post(f"{developer.address}/services/pool", json=asked, headers={"Idempotency-Key": each})
        for each in (key, key, str(uuid4()))
    )
    assert (first.status_code, again.content, other.status_code) == (200, first.content, 401)
    forged = {**asked, "assertion": asked["assertion"][:-2] + "AA"}
    refused = httpx.post(f"{developer.address}/services/pool", json=forged, headers={"Idempotency-Key": str(uuid4())})
    assert json.loads(refused.content)["status"] == 401
    assert developer.swims() == [(5, 10)]
