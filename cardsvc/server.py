"""Running the service: uvicorn, set up so that it says when and where it listens, and ends in good order."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from cardsvc.tls import Tls

GRACEFUL_SECONDS: Final = 5
"""Requests and relays that are under way get so long when the service is asked to stop."""
IDLE_SECONDS: Final = 75
"""A connection without a request is closed after so long: well after our clients have, or a request may meet the close,
and nobody can tell whether it was heard."""
_HANGING_SECONDS: Final = 60
"""A worker that says nothing for so long is killed, and another one started."""
_STARTING_SECONDS: Final = 120
_MAX_MESSAGE: Final = 128 * 1024
"""Of a WebSocket: twice the longest APDU, in base64url."""
_BACKLOG: Final = 1024
_SELDOM: Final = (50_000, 20, 100)
"""A request makes hundreds of objects and hardly a cycle; as Python has it, their garbage is looked for at each."""


def _is_worth_a_line(line: logging.LogRecord) -> bool:
    """Uvicorn takes a WebSocket that we denied, with a problem and in good order, for a fault."""
    return "without completing handshake" not in line.getMessage()


def quiet_uvicorn() -> None:
    """Keep from the log what is no news, and what is nobody's business."""
    log = logging.getLogger("uvicorn.error")
    log.addFilter(_is_worth_a_line)
    log.setLevel(logging.INFO)  # at DEBUG it writes every frame of a relay, PINs and keys included


class _AnnouncingServer(uvicorn.Server):
    """Prints the address on stdout once requests are answered: whoever started us waits for that line."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _announce(self._address)


class _AnnouncingSupervisor(Multiprocess):
    """Starts workers, and others in the place of those that die; prints the address once all of them answer."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, address: str) -> None:
        super().__init__(config, [listener])
        self._address = address

    def init_processes(self) -> None:
        super().init_processes()
        if all(process.wait_until_ready(_STARTING_SECONDS) for process in self.processes):
            _announce(self._address)

    @property
    def failed(self) -> bool:
        """Whether it gave up, since a worker did not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)


class _Config(uvicorn.Config):
    """In the process that answers, garbage in cycles is looked for seldom, and not in the application itself."""

    def load(self) -> None:
        super().load()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_SELDOM)


def configuration(app: ASGIApp | str, workers: int = 1, tls: Tls | None = None) -> uvicorn.Config:
    """How the service wants to be served, wherever it listens. ``app`` as a text names what makes one in a worker."""
    quiet_uvicorn()
    return _Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        timeout_worker_healthcheck=_HANGING_SECONDS,
        log_config=None,  # structlog writes our line for each request
        access_log=False,
        proxy_headers=False,  # uvicorn believes whatever is on this machine; `CARDSVC_TRUSTED_PROXIES` says whom we do
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        ws="websockets-sansio",
        ws_max_size=_MAX_MESSAGE,
        ws_per_message_deflate=False,
        **({} if tls is None else tls.options()),
    )


def serve(app: ASGIApp, host: str, port: int, tls: Tls | None = None) -> None:
    """Answer requests until SIGTERM or SIGINT. ``port`` 0 takes a free one. Raises OSError when it is taken."""
    with _listening(host, port, tls) as (listener, address):
        _AnnouncingServer(configuration(app, tls=tls), address).run(sockets=[listener])


def serve_with_workers(factory: str, host: str, port: int, workers: int, tls: Tls | None = None) -> None:
    """As `serve`, with so many processes at one socket; each makes the application that ``factory`` names.

    A worker that dies is replaced; SIGHUP replaces them all, one after the other. Raises ChildProcessError, an OSError,
    when one does not start.
    """
    with _listening(host, port, tls) as (listener, address):
        supervisor = _AnnouncingSupervisor(configuration(factory, workers, tls), listener, address)
        supervisor.run()
    if supervisor.failed:
        raise ChildProcessError("a worker did not start; the log says why")


@contextmanager
def _listening(host: str, port: int, tls: Tls | None) -> Iterator[tuple[socket.socket, str]]:
    scheme = "http" if tls is None else "https"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listener:
        bound = listener.getsockname()[1]
        yield listener, f"{scheme}://[{host}]:{bound}" if ":" in host else f"{scheme}://{host}:{bound}"


def _announce(address: str) -> None:
    print(f"listening on {address}", flush=True)  # noqa: T201 (what a program reads)
