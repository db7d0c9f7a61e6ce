"""Rules of the repository that no linter knows."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.fixtures import parts

ROOT = Path(__file__).parents[3]
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "cardsvc",
    "docs",
    "kiosk",
    "migrations",
    "pyproject.toml",
    "readers",
    "requirements-pcsc.lock",
    "requirements.lock",
    "tests",
}


@cache
def tracked() -> list[Path]:
    names = subprocess.check_output(("git", "ls-files", "-z"), cwd=ROOT, text=True).split("\0")
    return [path for name in names if name and (path := ROOT / name).exists()]


def test_top_level_holds_what_the_house_has_room_for() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_the_desk_has_labels_of_one_kind() -> None:
    """`kiosk.desk.windows.label.Label` shows a name as it is; Qt's own takes it for markup."""
    windows = (path for path in tracked() if path.parts[-3:-1] == ("desk", "windows") and path.name != "label.py")
    assert [path.name for path in windows if re.search(r"\bQLabel\(|\(QLabel\)", path.read_text())] == []


def test_no_file_is_empty_but_those_that_must_be() -> None:
    empty = {str(path.relative_to(ROOT)) for path in tracked() if not path.stat().st_size}
    assert empty == {"cardsvc/__init__.py", "cardsvc/py.typed", "kiosk/py.typed", "readers/py.typed"}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-pcsc.lock"])
def test_lock_files_hold_releases_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    releases = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert len(blocks) == len(releases) > 50
    assert all("--hash=sha256:" in block for block in blocks)


def test_pcsc_only_adds_to_the_lock() -> None:
    plain, pcsc = (
        set(re.findall(r"^[a-z0-9._-]+(?:\[[a-z0-9,_-]+\])?==[^ ]+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-pcsc.lock")
    )
    assert plain < pcsc
    assert {release.split("==")[0] for release in pcsc - plain} >= {"pyscard", "yubikey-manager"}


def test_whatever_asks_for_an_extra_finds_it_locked_with_that_extra() -> None:
    """Debian 12's pip takes `coverage[toml]` for another requirement than `coverage`: it wants that pinned too."""
    text = (ROOT / "requirements.lock").read_text()
    locked = {name: set(extras.split(",")) for name, extras in re.findall(r"^([\w.-]+)\[(.+)\]==", text, re.MULTILINE)}
    wanted = [
        (dependency.name, dependency.extras)
        for name in re.findall(r"^([\w.-]+)(?:\[.+\])?==", text, re.MULTILINE)
        for line in (installed(name) or [])
        if (dependency := Requirement(line)).extras and (dependency.marker is None or dependency.marker.evaluate())
    ]
    assert wanted
    assert [(name, extras) for name, extras in wanted if not extras <= locked.get(name, set())] == []


def installed(name: str) -> list[str] | None:
    try:
        return metadata.requires(name)
    except metadata.PackageNotFoundError:
        return None  # a release for another platform


@pytest.mark.parametrize("program", ["setup", "run", "lock"])
def test_programs_of_the_house_are_shell_that_parses(program: str) -> None:
    path = ROOT / ".ci" / program
    assert path.stat().st_mode & 0o111
    subprocess.run(("bash", "-n", str(path)), check=True)


def test_programs_of_the_house_use_nothing_newer_than_bash_3() -> None:
    newer = r"declare -A|local -n|mapfile|readarray|\$\{\w+(\^|,,)|\|&|&>>|\bwait -n\b|coproc|\$EPOCH"
    for program in ("setup", "run", "lock"):
        assert not re.findall(newer, (ROOT / ".ci" / program).read_text()), program


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    said = subprocess.check_output(("make", "--no-print-directory", "help"), cwd=ROOT, text=True)
    assert set(re.findall(r"^  make ([\w-]+) +\S", said, re.MULTILINE)) == targets
    assert targets == set(re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)[0].split())


def test_every_part_in_the_list_of_packages_can_be_looked_for() -> None:
    lines = [line.split() for line in parts.PACKAGES.read_text().splitlines() if line and not line.startswith("#")]
    assert {len(line) for line in lines} == {4}
    assert {line[0] for line in lines} == {"demo", "desk", "test"}
    assert {line[2].split(":")[0] for line in lines} == {"command", "file", "python"}


def test_a_part_is_found_where_it_is_and_not_where_it_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    probes = {
        "tool": "command:some-tool",
        "no-tool": "command:no-such-tool",
        "file": f"file:{tmp_path}/some-*",
        "no-file": f"file:{tmp_path}/other-*",
    }
    (tmp_path / "some-tool").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(parts, "_probes", lambda: probes)
    assert {name: parts.is_there.__wrapped__(name) for name in probes} == {
        "tool": True,
        "no-tool": False,
        "file": True,
        "no-file": False,
    }
