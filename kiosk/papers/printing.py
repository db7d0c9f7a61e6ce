"""What is printed of an outcome: the department's paper as it was given out, or the receipt where there is none."""

from __future__ import annotations

import threading
from datetime import datetime

from cardsvc.client.clock import Clock
from kiosk.papers import receipt
from kiosk.papers.documents import PDF, content_of, to_take_along
from kiosk.papers.printer import Printer, PrinterFailed
from kiosk.visit.effects import Print


class Printing:
    """Prints one thing at a time. Whoever wants something while the printer hangs hears so at once."""

    def __init__(self, printer: Printer, clock: Clock) -> None:
        self._printer = printer
        self._clock = clock
        self._in_use = threading.Lock()

    def __call__(self, wanted: Print) -> None:
        """Print it. Raises PrinterFailed, FontMissing, or ValueError for a paper that is none."""
        if not self._in_use.acquire(blocking=False):
            raise PrinterFailed("something else is being printed")
        try:
            print_outcome(self._printer, wanted, self._clock())
        finally:
            self._in_use.release()


def print_outcome(printer: Printer, wanted: Print, now: datetime) -> None:
    """Print it. Raises as `Printing` does."""
    document = to_take_along(wanted.outcome, wanted.pages)
    if document is not None:
        printer.put(content_of(document), document.media_type)
        return
    printer.put(receipt.draw(wanted.offer, wanted.outcome, wanted.language, now), PDF)
