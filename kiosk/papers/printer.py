"""The printer: a queue of CUPS, or a folder where there is none. What is printed leaves the kiosk and is not kept."""

from __future__ import annotations

import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from kiosk.papers.documents import MOST_PAGES, PDF

_JOB: Final = "kiosk"
"""What the queue shows for a name: nothing of anybody."""
_SECONDS: Final = 15


class PrinterFailed(Exception):
    """Raised when a printer did not take something."""


class Printer(Protocol):
    """Takes files."""

    def put(self, content: bytes, media_type: str) -> None:
        """Print a file; it may take seconds. Raises PrinterFailed."""


@dataclass(frozen=True, slots=True)
class CupsPrinter:
    """A queue of CUPS. The file goes through a pipe: no name of it is in a list of processes, and none on the disk."""

    queue: str
    seconds: float = _SECONDS

    def put(self, content: bytes, media_type: str) -> None:
        """Give it to `lp`, which answers when the queue has taken it.

        It is told what it is: CUPS would look at how it begins, and a text can begin like a program for printers.
        """
        try:
            subprocess.run(
                ["lp", "-d", self.queue, "-t", _JOB, "-P", f"1-{MOST_PAGES}", "-o", f"document-format={media_type}"],
                input=content, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=self.seconds, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            # Not chained: the error of a process that took too long holds what was sent to it.
            raise PrinterFailed(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """A folder that files are put into, readable by this user alone."""

    folder: Path

    def put(self, content: bytes, media_type: str) -> None:
        """Write it under a name that says nothing."""
        suffix = {PDF: ".pdf", "text/plain": ".txt"}.get(media_type, "")
        path = self.folder / f"{secrets.token_hex(8)}{suffix}"
        part = path.with_name(f".{path.name}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise PrinterFailed(type(error).__name__) from error
