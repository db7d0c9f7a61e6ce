"""What is printed at the desk: whether it came out, and files that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path


class NotPrinted(Exception):
    """Raised when a printer, or the file that is printed into, does not take a page."""


def private_file(path: Path) -> None:
    """Begin a file, empty, in the place of one of that name: from the first byte on nobody else can read it.

    Raises OSError.
    """
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
