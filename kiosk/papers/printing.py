"""What is printed of an outcome: the department's paper as it was given out, or the receipt where there is none."""

from __future__ import annotations

from datetime import datetime

from kiosk.papers import receipt
from kiosk.papers.documents import PDF, content_of
from kiosk.papers.printer import Printer
from kiosk.visit.events import Print


def print_outcome(printer: Printer, wanted: Print, now: datetime) -> None:
    """Print it. Raises PrinterFailed, FontMissing, or ValueError for a paper that is none."""
    document = wanted.outcome.document
    if document is not None:
        printer.put(content_of(document), document.media_type)
        return
    printer.put(receipt.draw(wanted.offer, wanted.outcome, wanted.language, now), PDF)
