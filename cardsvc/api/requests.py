"""What surrounds every request: its id, its size, its line in the log, and the net for our own faults."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from cardsvc.api.limiting import standing_headers
from cardsvc.api.problems import general_problem, internal_error
from cardsvc.api.refusals import note_refusal
from cardsvc.api.uploads import largest_body

REQUEST_ID_HEADER: Final = "Request-Id"
_REQUEST_ID_NAME: Final = REQUEST_ID_HEADER.lower().encode()

_log = structlog.get_logger("cardsvc.request")


class RequestFrame:
    """ASGI middleware around the application, for HTTP and WebSockets."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        # Made here, never taken from the caller, who could make two requests look like one.
        request_id = str(uuid7())
        # Each request is a task with a context of its own, in which this ends with it.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await self._serve(scope, receive, _Sender(scope, send, request_id))

    async def _serve(self, scope: Scope, receive: Receive, send: _Sender) -> None:
        began = time.perf_counter()
        try:
            most = largest_body(scope)
            if _is_too_large(scope, most):
                await note_refusal(HTTPConnection(scope), "request-too-large")
                await general_problem("request-too-large")(scope, receive, send)
            else:
                await self.app(scope, _Receiver(receive, most), send)
        except Exception:  # noqa: BLE001 (the last net: whatever it was, nobody outside hears what)
            _log.exception("fault", path=_template(scope))
            if not send.started:
                await internal_error()(scope, receive, send)
        finally:
            _log.info(
                "request",
                method=scope.get("method", "WEBSOCKET"),
                path=_template(scope),
                status=send.status,
                milliseconds=round(1000 * (time.perf_counter() - began), 2),
            )


class _Sender:
    """Passes messages on, adds what every answer says to the first one, and remembers how it went."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self.status: int | None = None

    @property
    def started(self) -> bool:
        """Whether an answer is on its way."""
        return self.status is not None

    async def __call__(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
            request_id = (_REQUEST_ID_NAME, self._request_id.encode())
            message["headers"] = [*message.get("headers", ()), request_id, *standing_headers(self._scope)]
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.status = self.status or (101 if message["type"] == "websocket.accept" else 403)
        await self._send(message)


class _Receiver:
    """Passes messages on, and cuts a body off that grows too large: one that did not say so, or lied."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message


def _is_too_large(scope: Scope, most: int) -> bool:
    """By what the header says."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return not value.isdigit() or int(value) > most
    return False


def _template(scope: Scope) -> str:
    """The route's path with its parameters unfilled: a path as it came is the caller's to choose."""
    route = scope.get("route")
    return getattr(route, "path", "") or "unknown"
