"""Draws PDF files, as a program of its own: `python -m kiosk.papers.drawing count` or `page N`; the file is its input.

A file comes from a department and may be anything, and PDFium is a large program in C++. Whatever a file does to it, it
does to this process, which has no keys, no card and little time and memory. As it is built here, it runs no scripts of
a file. The only importer of PDFium.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pypdfium2

SECONDS: Final = 8
"""Of the processor."""
_MEMORY: Final = 1 << 30
_WIDTH: Final = 1240
"""Pixels: an A4 page at 150 dpi."""
_HEIGHT: Final = 4 * _WIDTH


def count(content: bytes) -> bytes:
    """How many pages the file has, in decimal digits. Raises PdfiumError where not even the first can be drawn."""
    with _opened(content) as pdf:
        _draw(pdf[0])
        return str(len(pdf)).encode()


def page(content: bytes, number: int) -> bytes:
    """A page as PNG, counted from 1. Raises PdfiumError where it cannot be drawn."""
    with _opened(content) as pdf:
        file = io.BytesIO()
        _draw(pdf[number - 1]).to_pil().save(file, "PNG")
        return file.getvalue()


def _draw(wanted: Any) -> Any:
    width, height = wanted.get_size()
    return wanted.render(scale=min(_WIDTH / width, _HEIGHT / height))


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    pdf = pypdfium2.PdfDocument(content)
    try:
        pdf.init_forms()  # else the fields of a form are empty
        yield pdf
    finally:
        pdf.close()


def _stay_small() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the paper
    if sys.platform == "linux":  # others promise address space that nobody uses
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    _stay_small()
    given = sys.stdin.buffer.read()
    sys.stdout.buffer.write(count(given) if sys.argv[1] == "count" else page(given, int(sys.argv[2])))
