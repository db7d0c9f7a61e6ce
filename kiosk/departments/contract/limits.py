"""A limit on the size of requests, whatever their Content-Length says."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.departments.contract.refusals import RequestTooLarge

MAX_BODY: Final = 64 * 1024
"""Bytes: an assertion has about one thousand, a form a few hundred."""


class LimitedBody:
    """ASGI middleware that stops reading a request after MAX_BODY bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, counting what comes in."""
        left = MAX_BODY

        async def counting() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise RequestTooLarge
            return message

        await self.app(scope, counting, send)
