"""Papers of departments as pictures. The only importer of PDFium; as it is built here, it runs no scripts of a file."""

from __future__ import annotations

import base64
import binascii
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pypdfium2

from cardsvc.wire.manifest import Document

PDF: Final = "application/pdf"
MOST_PAGES: Final = 20
"""What is more is printed, not shown."""
_WIDTH: Final = 1240
"""Pixels: an A4 page at 150 dpi."""
_HEIGHT: Final = 4 * _WIDTH
_one_at_a_time: Final = threading.Lock()
"""PDFium may not be used by two threads at once."""


def content_of(document: Document) -> bytes:
    """The file. Raises ValueError where it is not base64."""
    if document.media_type.startswith("text/"):
        return document.content.encode()
    return base64.b64decode(document.content, validate=True)


def page_count(document: Document) -> int:
    """How many of its pages can be shown; none where it is no PDF that can be read."""
    if document.media_type != PDF:
        return 0
    try:
        with _opened(document) as pdf:
            return min(len(pdf), MOST_PAGES)
    except (pypdfium2.PdfiumError, binascii.Error):
        return 0


def page_picture(document: Document, number: int) -> bytes:
    """A page as PNG, counted from 1. Raises PdfiumError where it cannot be drawn."""
    with _opened(document) as pdf:
        page = pdf[number - 1]
        width, height = page.get_size()
        bitmap = page.render(scale=min(_WIDTH / width, _HEIGHT / height))
        file = io.BytesIO()
        bitmap.to_pil().save(file, "PNG")
        return file.getvalue()


@contextmanager
def _opened(document: Document) -> Iterator[Any]:
    content = content_of(document)
    with _one_at_a_time:
        pdf = pypdfium2.PdfDocument(content)
        try:
            pdf.init_forms()  # else the fields of a form are empty
            yield pdf
        finally:
            pdf.close()
