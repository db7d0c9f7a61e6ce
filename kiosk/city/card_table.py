"""The card table: one card, two readers, and a page with buttons that move the card."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Final

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.middleware.trustedhost import TrustedHostMiddleware

from kiosk.city.issuing import CITIZENS_PIN, RESIDENT
from kiosk.city.stage import CardFiles, Place, Stage


class Position(StrEnum):
    """Where the resident's card is."""

    HOLD = "hold"
    """Held to the contactless reader."""
    INSERT = "insert"
    """Put into the contact reader."""
    OFF = "off"
    """In the resident's pocket."""


_PLACES: Final = {Position.HOLD: Place.CONTACTLESS, Position.INSERT: Place.CONTACT}


class CardTable:
    """One card and two readers; whoever moves the card takes it off first."""

    def __init__(self, stage: Stage, card: CardFiles) -> None:
        self._stage = stage
        self._card = card
        self._lock = threading.Lock()
        self.position = Position.OFF

    def move(self, position: Position) -> None:
        """Put the card there."""
        with self._lock:
            if self.position in _PLACES:
                self._stage.take_off(_PLACES[self.position])
            if position in _PLACES:
                self._stage.put_on(self._card, _PLACES[position])
            self.position = position


@contextmanager
def open_table(table: CardTable, screen: str) -> Iterator[str]:
    """Serve the card table's page on a free port; yields its address."""
    with served(table_app(table, screen)) as address:
        yield address


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve a page for this machine on a free port; yields its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    with config.bind_socket() as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(5)


def table_app(table: CardTable, screen: str) -> FastAPI:
    """The page with the buttons. It answers this machine's own pages and programs only."""
    app = FastAPI(openapi_url=None)
    # Against other sites in the same browser: by name rebinding (Host) and by posting forms here (Origin).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])
    page = Environment(loader=PackageLoader("kiosk.city"), autoescape=select_autoescape()).get_template("table.html")

    @app.get("/")
    def show() -> HTMLResponse:
        return HTMLResponse(
            page.render(position=table.position, positions=Position, pin=CITIZENS_PIN, person=RESIDENT, screen=screen)
        )

    @app.post("/card")
    def move(request: Request, position: Annotated[Position, Form()]) -> RedirectResponse:
        own = f"http://{request.headers['host']}"
        if request.headers.get("origin", own) != own:
            raise HTTPException(403, "only this page and programs on this machine may move the card")
        table.move(position)
        return RedirectResponse("/", status_code=303)

    return app
