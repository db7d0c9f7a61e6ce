from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.papers.printer import CupsPrinter, FolderPrinter, PrinterFailed

PAPER = b"%PDF-1.7 of somebody"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder that programs are looked for in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


def lp(folder: Path, script: str) -> None:
    """A program in the place of that of CUPS."""
    program = folder / "lp"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_cups_gets_the_file_through_a_pipe_and_hears_its_kind_and_nothing_else(programs: Path, tmp_path: Path) -> None:
    lp(programs, f'echo "$@" > {tmp_path}/asked; cat > {tmp_path}/got')
    CupsPrinter("hall").put(PAPER, "application/pdf")
    assert (tmp_path / "asked").read_text() == "-d hall -t kiosk -P 1-20 -o document-format=application/pdf\n"
    assert (tmp_path / "got").read_bytes() == PAPER


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 60", "exec 0<&-; exit 1"], ids=["refuses", "hangs", "closes"])
def test_a_queue_that_does_not_take_it_is_told_and_nothing_of_the_paper(programs: Path, script: str) -> None:
    lp(programs, script)
    with pytest.raises(PrinterFailed) as failed:
        CupsPrinter("hall", seconds=0.5).put(PAPER, "application/pdf")
    assert failed.value.__cause__ is None
    assert "somebody" not in repr(failed.value)


def test_a_machine_without_cups_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterFailed, match="FileNotFoundError"):
        CupsPrinter("hall").put(PAPER, "application/pdf")


def test_a_folder_gets_files_that_nobody_else_reads(tmp_path: Path) -> None:
    for media_type in ("application/pdf", "text/plain", "image/png"):
        FolderPrinter(tmp_path).put(PAPER, media_type)
    files = list(tmp_path.iterdir())
    assert sorted(file.suffix for file in files) == ["", ".pdf", ".txt"]
    assert {file.read_bytes() for file in files} == {PAPER}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PrinterFailed):
        FolderPrinter(tmp_path / "gone").put(PAPER, "application/pdf")
