"""Files of the desk's: whole or not at all, and for nobody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kiosk.desk.whole_files import write_whole
from tests.fixtures.full_disk import full_after


def test_it_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    write_whole(b"one", path)
    write_whole(b"two", path)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="No such file"):
        write_whole(b"three", tmp_path / "nowhere" / "day.csv")


def test_a_disk_that_is_full_leaves_the_file_that_was_there_and_no_half_one(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    write_whole(b"one", path)
    with full_after(1000), pytest.raises(OSError, match="too large"):
        write_whole(bytes(2000), path)
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_else_can_read_it_from_the_first_byte_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, modes = tmp_path / "day.csv", []
    path.write_bytes(b"before")
    path.chmod(0o644)
    monkeypatch.setattr("os.fsync", lambda written: modes.append(stat.S_IMODE(os.fstat(written).st_mode)))
    write_whole(b"now", path)
    assert (modes, stat.S_IMODE(path.stat().st_mode)) == ([0o600], 0o600)
