"""The screen's web application.

    GET  /enter?code=…     a one-time link: sets the cookie
    GET  /                 the page
    GET  /events           server-sent events: every change as it happens
    GET  /state            the view as JSON (`kiosk.screen.view`); ``?after=VERSION`` waits for a newer one
    GET  /pinyin           characters and words by their sound, for the on-screen keyboard
    GET  /papers/…         a page of the paper that the screen shows, as PNG, while it does
    GET  /photograph/…     of the one whom the second of two people compares with their face, while they are asked
    POST /department /choose /pin /forgotten /consent /form /action /check /sign /back /retry /print /done /language
         /mode /touch
                           what the citizen does; answers the view right after it
    GET  /healthz          whether the process answers
    GET  /metrics          what the kiosk counts, for Prometheus; nothing of any citizen

Posts are JSON and must carry the page's own Origin. They never fail because the citizen was too late: an event that
does not fit the state changes nothing, and the answer says what is shown now.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from cardsvc.wire.manifest import Document
from kiosk.booth import Booth, Snapshot
from kiosk.papers.documents import NotDrawn, page_picture
from kiosk.screen import bodies, pages, pinyin
from kiosk.screen.entrance import COOKIE, ENTRY_PATH, Entrance
from kiosk.screen.guard import Guard
from kiosk.screen.live import follow, newer
from kiosk.screen.outcomes import PAGE_PATH, pages_shown
from kiosk.screen.turn_views import PHOTOGRAPH_PATH, photograph_of
from kiosk.screen.view import View, view_of
from kiosk.visit import acts
from kiosk.visit.acts import CitizenEvent
from kiosk.visit.screens import Done
from readers.piv.pin import Pin

LONGEST_WAIT: Final = 20.0
_HERE: Final = Path(__file__).parent
_SHOWN: Final = """# HELP kiosk_screens_shown Browsers that show the screen.
# TYPE kiosk_screens_shown gauge
kiosk_screens_shown {}
"""


class Screen:
    """The screen of one booth. ``stopping`` ends what waits for changes."""

    def __init__(self, booth: Booth, entrance: Entrance, host: str, metrics: Callable[[], str] | None = None) -> None:
        self.stopping = asyncio.Event()
        self._booth = booth
        self._entrance = entrance
        self._metrics = metrics
        self._shown = 0
        self.app = FastAPI(title="kiosk screen", openapi_url=None, docs_url=None, redoc_url=None)
        self.app.add_middleware(Guard, entrance=entrance, host=host)
        self.app.exception_handler(RequestValidationError)(_malformed)
        self.app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
        self._add_reading()
        self._add_doing()

    def view(self, snapshot: Snapshot | None = None) -> View:
        """What is shown now."""
        return view_of(snapshot or self._booth.snapshot, self._booth.clock())

    def _add_reading(self) -> None:
        self.app.get(ENTRY_PATH)(self._enter)
        self.app.get("/", response_class=HTMLResponse)(self._page)
        self.app.get("/state")(self._state)
        self.app.get("/events", response_class=EventSourceResponse)(self._events)
        self.app.get("/pinyin")(_pinyin)
        self.app.get(PAGE_PATH)(self._paper)
        self.app.get(PHOTOGRAPH_PATH)(self._photograph)
        self.app.get("/healthz")(_healthy)
        self.app.get("/metrics", response_class=PlainTextResponse)(self._counted)

    def _add_doing(self) -> None:
        doing: dict[str, tuple[type[bodies.Body], Callable[[Any], CitizenEvent]]] = {
            "/department": (bodies.ChosenDepartment, lambda body: acts.DepartmentChosen(body.department)),
            "/choose": (bodies.Choice, lambda body: acts.ServiceChosen(body.department, body.service)),
            "/pin": (bodies.EnteredPin, lambda body: acts.PinEntered(Pin(body.pin))),
            "/forgotten": (bodies.Nothing, lambda _: acts.PinForgotten()),
            "/consent": (bodies.Nothing, lambda _: acts.ConsentGiven(uuid.uuid4())),
            "/form": (bodies.EnteredForm, lambda body: acts.FormSubmitted(body.values, uuid.uuid4())),
            "/action": (bodies.PressedAction, lambda body: acts.ActionChosen(body.line, uuid.uuid4())),
            "/check": (bodies.Nothing, lambda _: acts.Checked()),
            "/sign": (bodies.Agreed, lambda body: acts.AgreedToSign(body.sha256)),
            "/back": (bodies.Nothing, lambda _: acts.WentBack()),
            "/retry": (bodies.Nothing, lambda _: acts.TriedAgain()),
            "/print": (bodies.Nothing, lambda _: acts.PrintWanted()),
            "/done": (bodies.Nothing, lambda _: acts.Finished()),
            "/language": (bodies.ChosenLanguage, lambda body: acts.LanguageChosen(body.language)),
            "/mode": (bodies.SwitchedMode, lambda body: acts.ModeSwitched(body.mode, body.on)),
            "/touch": (bodies.Nothing, lambda _: acts.Touched()),
        }
        for path, (kind, event) in doing.items():
            self._add_post(path, kind, event)

    def _add_post(self, path: str, kind: type[bodies.Body], event: Callable[[Any], CitizenEvent]) -> None:
        def act(body: bodies.Body) -> JSONResponse:
            return JSONResponse(self.view(self._booth.send(event(body))))

        act.__annotations__["body"] = kind
        self.app.post(path)(act)

    def _enter(self, code: Annotated[str, Query(max_length=64)]) -> Response:
        secret = self._entrance.admit(code)
        if secret is None:
            return PlainTextResponse("This link has been used. The kiosk has printed a new one.\n", 403)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path="/")
        return response

    def _counted(self) -> str:
        return (self._metrics() if self._metrics else "") + _SHOWN.format(self._shown)

    def _page(self) -> HTMLResponse:
        return HTMLResponse(pages.page(self.view()))

    def _paper(self, mark: str, number: int) -> Response:
        document = self._shown_paper(mark, number)
        if document is None:
            return _no_paper()
        try:
            picture = page_picture(document, number)
        except NotDrawn:
            return _no_paper()
        if self._shown_paper(mark, number) is None:  # the visit ended while it was drawn
            return _no_paper()
        return Response(picture, media_type="image/png")

    def _shown_paper(self, mark: str, number: int) -> Document | None:
        state = self._booth.snapshot.state
        match state.screen:
            case Done() as done if state.visit and done.mark == mark and number in pages_shown(done):
                return done.outcome.document
        return None

    def _photograph(self, mark: str) -> Response:
        state = self._booth.snapshot.state
        picture = photograph_of(state)
        if picture is None or state.turn is None or mark != state.turn.mark:
            return PlainTextResponse("It is not shown now.\n", 404)
        return Response(picture, media_type="image/jpeg")

    async def _state(
        self,
        after: int = -1,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = LONGEST_WAIT,
    ) -> JSONResponse:
        return JSONResponse(self.view(await newer(self._booth, after, wait, self.stopping)))

    async def _events(self) -> AsyncIterator[ServerSentEvent]:
        self._shown += 1
        try:
            async for snapshot in follow(self._booth, self.stopping):
                view = self.view(snapshot)
                shown = {
                    "version": view["version"],
                    "screen": view["screen"],
                    "language": view["language"],
                    "modes": view["modes"],
                    "html": pages.fragment(view),
                }
                yield ServerSentEvent(data=shown, event="screen")
        finally:
            self._shown -= 1


def _healthy() -> dict[str, bool]:
    return {"ok": True}


def _pinyin() -> JSONResponse:
    return JSONResponse(pinyin.table())


def _no_paper() -> PlainTextResponse:
    return PlainTextResponse("There is no such paper on the screen.\n", 404)


def _malformed(_request: Request, _error: Exception) -> PlainTextResponse:
    """Without what was sent: it may be a PIN."""
    return PlainTextResponse("That is not what this page sends.\n", 422)
