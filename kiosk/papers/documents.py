"""Papers of departments as pictures. Another process draws them (`kiosk.papers.drawing`): a file may be anything."""

from __future__ import annotations

import base64
import binascii
import subprocess
import sys
import threading
from typing import Final

from cardsvc.wire.manifest import Document, Outcome

PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
MOST_PAGES: Final = 20
"""What is more is neither shown nor printed: a thousand pages are a mistake, and all the paper that the printer has."""
_SECONDS: Final = 10.0
"""A page that takes longer is not shown."""
_LARGEST_PICTURE: Final = 16 << 20
_hands: Final = threading.BoundedSemaphore(2)
"""So many draw at once; a paper of twenty pages may not take the kiosk's processors from everything else."""


class NotDrawn(Exception):
    """Raised when a paper cannot be drawn: it is no PDF, is locked or broken, or takes too long."""


def content_of(document: Document) -> bytes:
    """The file. Raises ValueError where it is not base64."""
    if document.media_type.startswith("text/"):
        return document.content.encode()
    return base64.b64decode(document.content, validate=True)


def page_count(document: Document) -> int:
    """How many pages it has; none where it is no PDF, or its first cannot be drawn."""
    if document.media_type != PDF:
        return 0
    try:
        return int(_drawn(document, "count"))
    except NotDrawn:
        return 0


def to_take_along(outcome: Outcome, pages: int) -> Document | None:
    """The paper that is printed: plain text, or a PDF. One that cannot be drawn would not come out of the printer.

    Nothing else is: PostScript is a program, and what is sent raw sets up the printer instead of printing.
    """
    document = outcome.document
    return document if document and (pages or document.media_type == TEXT) else None


def page_picture(document: Document, number: int) -> bytes:
    """A page as PNG, counted from 1. Raises NotDrawn."""
    picture = _drawn(document, "page", str(number))
    if len(picture) > _LARGEST_PICTURE:
        raise NotDrawn("a picture that is too large")
    return picture


def _drawn(document: Document, *what: str) -> bytes:
    try:
        with _hands:
            # Through pipes: no name of it is in a list of processes, and nothing of it on the disk.
            return subprocess.run(
                [sys.executable, "-I", "-m", "kiosk.papers.drawing", *what],
                input=content_of(document), capture_output=True, timeout=_SECONDS, check=True, env={},
            ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError, binascii.Error) as error:
        # Not chained: the error of a process holds what was sent to it and what it said.
        raise NotDrawn(type(error).__name__) from None
