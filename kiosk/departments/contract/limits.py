"""A limit on the size of requests, whatever their Content-Length says."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY: Final = 64 * 1024
"""Bytes: an assertion has about one thousand, a form a few hundred."""


class LimitedBody:
    """ASGI middleware that reads the body beforehand and gives up beyond MAX_BODY bytes."""

    def __init__(self, app: ASGIApp, too_large: Response) -> None:
        self.app = app
        self.too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that is small enough, answer one that is not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        message = await _whole(receive)
        if message is None:
            await self.too_large(scope, receive, send)
            return
        left = [message]

        async def replay() -> Message:
            return left.pop() if left else await receive()

        await self.app(scope, replay, send)


async def _whole(receive: Receive) -> Message | None:
    """All parts of the body as one message, or None when there are too many; or that the caller has gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return {"type": "http.request", "body": body, "more_body": False}
