"""Serving the screen on this machine's loopback, and letting a browser in."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from kiosk.booth import Booth
from kiosk.screen.app import Screen
from kiosk.screen.entrance import Entrance

HOST: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 2


class ScreenServer(uvicorn.Server):
    """Serves the screen of a booth until a signal, or ``should_exit``, says that it is enough."""

    def __init__(
        self,
        booth: Booth,
        port: int,
        announce: Callable[[str], None],
        on_ready: Callable[[str], None],
        metrics: Callable[[], str] | None = None,
    ) -> None:
        """``announce`` is told each one-time link, ``on_ready`` the address once it answers. Port 0: a free one."""
        self._socket = socket.create_server((HOST, port))
        host = f"{HOST}:{self._socket.getsockname()[1]}"
        self.address = f"http://{host}"
        self.entrance = Entrance(self.address, announce)
        self._screen = Screen(booth, self.entrance, host, metrics)
        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                self._screen.app,
                access_log=False,  # links hold codes
                log_level="warning",
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )

    def serve_until_stopped(self) -> None:
        """Answer requests."""
        with self._socket:
            self.run(sockets=[self._socket])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, say so, and announce the first link."""
        await super().startup(sockets=sockets)
        if self.started:
            self.entrance.open()
            self._on_ready(self.address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams of events, which would never end by themselves, and stop."""
        self._screen.stopping.set()
        await super().shutdown(sockets=sockets)


def write_link(file: Path, link: str) -> None:
    """Put a link where only this user can read it. A reader sees the old link or the new one, never half of one."""
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
        writing.write(link + "\n")
    temporary.replace(file)
