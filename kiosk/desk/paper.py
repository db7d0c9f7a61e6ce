"""What is printed at the desk: whether it came out."""

from __future__ import annotations

from pathlib import Path

import structlog

_log = structlog.get_logger()


class NotPrinted(Exception):
    """Raised when a printer does not take a page."""


def forget(folder: Path, *patterns: str) -> None:
    """Delete the files of these names. One that cannot be deleted keeps none of the others, and is tried again later.

    Their names are the numbers of cards: the log has none of them.
    """
    for path in (path for pattern in patterns for path in folder.glob(pattern)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("a file that shows a person cannot be deleted", kind=type(error).__name__)
