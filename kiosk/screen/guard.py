"""What every request must pass, and what every answer carries, before any route is asked."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.screen.entrance import COOKIE, ENTRY_PATH, Entrance

LARGEST_BODY: Final = 16 * 1024
OPEN_PATHS: Final = frozenset({ENTRY_PATH, "/healthz", "/metrics"})
"""What needs no cookie. Static files need none either: there is nothing of anybody in them."""
STATIC: Final = "/static/"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware: this host, this origin, this start's cookie, small bodies, strict headers."""

    def __init__(self, app: ASGIApp, entrance: Entrance, host: str) -> None:
        """``host`` is the only Host that is answered: a page that points its own name here (DNS rebinding) is not."""
        self._app = app
        self._entrance = entrance
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it pass or answer a refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        if headers.get("host") != self._host:
            return PlainTextResponse("There is nothing here under this name.\n", 421)
        if path not in OPEN_PATHS and not path.startswith(STATIC) and not self._has_cookie(headers):
            return PlainTextResponse("Open the link that the kiosk printed; it works once.\n", 401)
        if method in SAFE_METHODS:
            return None
        if headers.get("origin") != f"http://{self._host}":
            return PlainTextResponse("Only the kiosk's own pages may do this.\n", 403)
        if not headers.get("content-length", "").isdecimal() or int(headers["content-length"]) > LARGEST_BODY:
            return PlainTextResponse("That is too long for a kiosk.\n", 413)
        return None

    def _has_cookie(self, headers: Headers) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        return COOKIE in cookies and self._entrance.knows(cookies[COOKIE].value)
