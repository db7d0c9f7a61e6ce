from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from cardsvc.wire.manifest import Document, Language
from kiosk.papers.printer import PrinterFailed
from kiosk.papers.printing import Printing
from kiosk.visit.effects import Print
from tests.fixtures.offers import CHECK_IN, outcome

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PLAIN = Document(title={"en": "A paper"}, media_type="text/plain", content="for A-017 alone")


class Tray:
    """A printer; it hangs until it may go on."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str]] = []
        self.reached, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()

    def put(self, content: bytes, media_type: str) -> None:
        self.reached.set()
        assert self.goes_on.wait(30)
        self.taken.append((content, media_type))


def wanted(document: Document | None, pages: int = 0) -> Print:
    return Print(1, CHECK_IN, outcome().model_copy(update={"document": document}), pages, Language.ENGLISH)


def test_the_paper_is_printed_as_it_was_given_out() -> None:
    tray = Tray()
    Printing(tray, lambda: NOON)(wanted(PLAIN))
    assert tray.taken == [(b"for A-017 alone", "text/plain")]


@pytest.mark.needs("chinese-font")
def test_in_the_place_of_a_paper_that_cannot_be_drawn_the_receipt_is_printed() -> None:
    tray, locked = Tray(), PLAIN.model_copy(update={"media_type": "application/pdf", "content": "bG9ja2Vk"})
    Printing(tray, lambda: NOON)(wanted(locked))
    ((content, media_type),) = tray.taken
    assert (content[:5], media_type) == (b"%PDF-", "application/pdf")


def test_while_the_printer_hangs_the_next_one_hears_so_at_once_and_then_it_goes_on() -> None:
    tray = Tray()
    printing = Printing(tray, lambda: NOON)
    tray.goes_on.clear()
    with ThreadPoolExecutor() as hands:
        first = hands.submit(printing, wanted(PLAIN))
        assert tray.reached.wait(30)
        with pytest.raises(PrinterFailed):
            printing(wanted(PLAIN))
        tray.goes_on.set()
        first.result(30)
    printing(wanted(PLAIN))
    assert len(tray.taken) == 2
