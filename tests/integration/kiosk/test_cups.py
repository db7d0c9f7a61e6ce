"""A real CUPS: what the kiosk and the desk print comes out of a printer, and what it does not take is told of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TypeVar

import pypdfium2
import pytest

from kiosk.desk.card_layout import Captions, Printed, back, front
from kiosk.desk.paper import NotPrinted
from kiosk.desk.windows.card_face import draw_card
from kiosk.desk.windows.printing import on_paper
from kiosk.desk.windows.sheet import Sheet, print_sheet
from kiosk.papers.printer import CupsPrinter, PrinterFailed
from kiosk.papers.queue import ask_queue, default_queue
from tests.fixtures.cups import QUEUE, Cups
from tests.fixtures.pictures import picture
from tests.fixtures.waiting import wait_until

T = TypeVar("T")
LETTER = Sheet("Letter", ["271828"])
"""With a PIN in it."""


def beside(ask: Callable[[], T]) -> T:
    """In a thread of its own, as the desk prints; CUPS's library remembers for each thread whom it asked."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(ask).result()


def text_of(paper: bytes) -> str:
    with pypdfium2.PdfDocument(paper) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.usefixtures("qapp")
def test_a_citizens_letter_comes_out_of_the_printer_and_stays_nowhere(cups: Cups) -> None:
    assert beside(lambda: print_sheet(LETTER))
    assert "271828" in text_of(cups.printed.get(timeout=90))
    wait_until(lambda: not cups.kept)


@pytest.mark.usefixtures("qapp")
def test_a_card_comes_out_in_a_cards_size(cups: Cups) -> None:
    holder = Printed("何慧君", "He Huijun", "HQ-0000-0042", date(2031, 5, 6), picture())
    captions = Captions("Citizen Card 市民卡", "Valid until", "Number", "Whoever finds this card, please hand it in.")
    faces = [front(holder, captions), back(holder, captions)]
    assert beside(lambda: on_paper(lambda printer: draw_card(printer, faces))) == QUEUE
    with pypdfium2.PdfDocument(cups.printed.get(timeout=90)) as document:
        millimetres = [side / 72 * 25.4 for page in document for side in page.get_size()]
    assert millimetres == pytest.approx([85.60, 53.98] * 2, abs=0.3)  # ISO/IEC 7810, ID-1


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("turned_off", ["cupsreject", "cupsdisable"])
def test_a_queue_that_takes_nothing_or_stands_is_told_of(cups: Cups, turned_off: str) -> None:
    """Qt takes it for printed."""
    cups.say(turned_off, QUEUE)
    with pytest.raises(NotPrinted):
        beside(lambda: print_sheet(LETTER))
    cups.say("cupsaccept", QUEUE)
    cups.say("cupsenable", QUEUE)
    assert beside(lambda: print_sheet(Sheet("Letter", ["314159"])))
    assert "314159" in text_of(cups.printed.get(timeout=90))  # and the other one never came


@pytest.mark.usefixtures("qapp")
def test_a_cups_that_does_not_answer_is_not_waited_for(cups: Cups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.papers.queue._SECONDS", 1)
    cups.freeze()
    with pytest.raises(NotPrinted):
        beside(lambda: print_sheet(LETTER))


@pytest.mark.usefixtures("qapp")
def test_without_a_cups_there_is_no_printer(cups: Cups) -> None:
    cups.stop()
    assert not beside(lambda: print_sheet(LETTER))


def test_what_the_kiosk_prints_comes_out_and_stays_nowhere(cups: Cups) -> None:
    CupsPrinter(QUEUE).put(b"a text of the kiosk", "text/plain")
    assert cups.printed.get(timeout=90) == b"a text of the kiosk"
    wait_until(lambda: not cups.kept)
    assert ask_queue(QUEUE).remembered == 0


def test_what_a_queue_does_not_take_has_failed_at_the_kiosk(cups: Cups) -> None:
    assert default_queue() == QUEUE
    cups.say("cupsreject", QUEUE)
    assert not ask_queue(QUEUE).accepting
    with pytest.raises(PrinterFailed):
        CupsPrinter(QUEUE).put(b"a text of the kiosk", "text/plain")
