"""What came of a service, as plain data for the screen: its lines, its QR code, its paper page by page."""

from __future__ import annotations

from typing import Any

from cardsvc.wire.manifest import Document, OutcomeField
from kiosk.dates import with_days_in
from kiosk.papers.codes import code_of
from kiosk.papers.documents import MOST_PAGES, to_take_along
from kiosk.screen.words import Words
from kiosk.visit.screens import Done

PAGE_PATH = "/papers/{mark}/{number}"


def pages_shown(screen: Done) -> range:
    """Numbers of the pages that are shown, from 1."""
    return range(1, min(screen.pages, MOST_PAGES) + 1)


def done_view(screen: Done, words: Words) -> dict[str, Any]:
    """The members that only this screen has."""
    outcome, document = screen.outcome, screen.outcome.document
    code = code_of(screen.offer.department, outcome)
    return {
        "outcome": {
            "title": words.texts(outcome.title),
            "fields": [line_view(line, words) for line in outcome.fields],
            "receipt": outcome.receipt,
            "result": screen.offer.service.result.value,
        },
        "code": {"text": code.text, "size": code.size, "path": code.path},
        "paper": _paper(screen, document, words) if document else None,
        "printing": screen.printing.state.value if screen.printing else None,
    }


def _paper(screen: Done, document: Document, words: Words) -> dict[str, Any]:
    return {
        "title": words.texts(document.title),
        "page": document.page,
        "pages": [PAGE_PATH.format(mark=screen.mark, number=number) for number in pages_shown(screen)],
        "of": screen.pages,
        "printed": to_take_along(screen.outcome, screen.pages) is not None,
    }


def line_view(line: OutcomeField, words: Words) -> dict[str, Any]:
    """One line, with days as its readers write them, and the title of its button."""
    value = line.value if isinstance(line.value, str) else words.texts(line.value)
    return {
        "label": with_days_in(words.texts(line.label), words.language),
        "value": with_days_in(value, words.language),
        "prominent": line.prominent,
        "new": line.new,
        "action": words.texts(line.action.titles) if line.action else None,
    }
