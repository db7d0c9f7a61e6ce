"""What is printed at the desk: whether it came out, and files that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

_log = structlog.get_logger()


class NotPrinted(Exception):
    """Raised when a printer, or the file that is printed into, does not take a page."""


def private_file(path: Path) -> None:
    """Begin a file, empty, in the place of one of that name: from the first byte on nobody else can read it.

    Raises OSError.
    """
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def forget(folder: Path, pattern: str) -> None:
    """Delete the files of these names. One that cannot be deleted keeps none of the others, and is tried again later.

    Their names are the numbers of cards: the log has none of them.
    """
    for path in folder.glob(pattern):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("a file that shows a person cannot be deleted", kind=type(error).__name__)
