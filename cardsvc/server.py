"""Running the service: uvicorn, set up so that it says when and where it listens, and ends in good order."""

from __future__ import annotations

import logging
import socket
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACEFUL_SECONDS: Final = 5
"""Requests and relays that are under way get so long when the service is asked to stop."""
_MAX_MESSAGE: Final = 128 * 1024
"""Of a WebSocket: twice the longest APDU, in base64url."""
_BACKLOG: Final = 1024


def _is_worth_a_line(line: logging.LogRecord) -> bool:
    """Uvicorn takes a WebSocket that we denied, with a problem and in good order, for a fault."""
    return "without completing handshake" not in line.getMessage()


class _AnnouncingServer(uvicorn.Server):
    """Prints the address on stdout once requests are answered: whoever started us waits for that line."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"listening on {self._address}", flush=True)  # noqa: T201 (what a program reads)


def configuration(app: ASGIApp) -> uvicorn.Config:
    """How the service wants to be served, wherever it listens."""
    log = logging.getLogger("uvicorn.error")
    log.addFilter(_is_worth_a_line)
    log.setLevel(logging.INFO)  # at DEBUG it writes every frame of a relay, PINs and keys included
    return uvicorn.Config(
        app,
        log_config=None,  # structlog writes our line for each request
        access_log=False,
        proxy_headers=False,  # uvicorn believes whatever is on this machine; `CARDSVC_TRUSTED_PROXIES` says whom we do
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ws="websockets-sansio",
        ws_max_size=_MAX_MESSAGE,
        ws_per_message_deflate=False,
    )


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT. ``port`` 0 takes a free one. Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listener:
        bound = listener.getsockname()[1]
        address = f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
        _AnnouncingServer(configuration(app), address).run(sockets=[listener])
