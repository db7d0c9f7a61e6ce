"""Serving a department on this machine's loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

HOST: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 5
IDLE_SECONDS: Final = 75
"""A connection without a request is closed after so long: well after kiosks have, or a request may meet the close."""


class Server(uvicorn.Server):
    """A uvicorn server on a port of its choice, which says when it is ready and under which address."""

    def __init__(self, app: FastAPI, port: int, on_ready: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                log_level="warning",
                timeout_graceful_shutdown=_GRACE_SECONDS,
                timeout_keep_alive=IDLE_SECONDS,
                server_header=False,
            )
        )
        self._socket = socket.create_server((HOST, port))
        self._on_ready = on_ready

    @property
    def url(self) -> str:
        """The address to call."""
        return f"http://{HOST}:{self._socket.getsockname()[1]}"

    def serve_until_stopped(self) -> None:
        """Answer requests until a signal, or ``should_exit``, says that it is enough."""
        with self._socket:
            self.run(sockets=[self._socket])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready(self.url)
