"""What lies on the counter: cards, and two readers to put them into; a page with buttons, and the same by command."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Final

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.middleware.trustedhost import TrustedHostMiddleware

from kiosk.city.card_table import served
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import CardFiles, Place, Stage


class Reader(StrEnum):
    """Where a card of the counter can go."""

    OFFICER = "officer"
    """The reader in which whoever is on duty leaves their card."""
    CARD = "card"
    """The one for citizens' cards, and for a colleague's."""
    OFF = "off"
    """Back on the counter."""


PLACES: Final = {Reader.OFFICER: Place.CONTACT, Reader.CARD: Place.SECOND_CONTACT}


class CounterTable:
    """Every card is in one place; what is in a reader makes room for what is put there."""

    def __init__(self, stage: Stage, cards: Mapping[str, CardFiles]) -> None:
        """``cards`` by the name that people call them."""
        self._stage = stage
        self._lock = threading.Lock()
        self.cards = dict(cards)
        self.positions = dict.fromkeys(cards, Reader.OFF)

    def move(self, name: str, where: Reader) -> None:
        """Raises KeyError when no card is called so."""
        with self._lock:
            self._take_off(name)
            if where is not Reader.OFF:
                for other in [other for other, at in self.positions.items() if at is where]:
                    self._take_off(other)
                self._stage.put_on(self.cards[name], PLACES[where])
            self.positions[name] = where

    def _take_off(self, name: str) -> None:
        at = self.positions[name]
        if at is not Reader.OFF:
            self._stage.take_off(PLACES[at])
            self.positions[name] = Reader.OFF


@contextmanager
def open_counter(table: CounterTable) -> Iterator[str]:
    """Serve the page on a free port; yields its address."""
    with served(counter_app(table)) as address:
        yield address


def counter_app(table: CounterTable) -> FastAPI:
    """The page. As the card table's, it answers this machine's own pages and programs only."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])
    page = Environment(loader=PackageLoader("kiosk.city"), autoescape=select_autoescape()).get_template("counter.html")

    @app.get("/")
    def show() -> HTMLResponse:
        return HTMLResponse(page.render(positions=table.positions, readers=Reader, pin=CITIZENS_PIN))

    @app.post("/card")
    def move(request: Request, card: Annotated[str, Form()], where: Annotated[Reader, Form()]) -> RedirectResponse:
        own = f"http://{request.headers['host']}"
        if request.headers.get("origin", own) != own:
            raise HTTPException(403, "only this page and programs on this machine may move cards")
        if card not in table.cards:
            raise HTTPException(404, "there is no such card on the counter")
        table.move(card, where)
        return RedirectResponse("/", status_code=303)

    return app
