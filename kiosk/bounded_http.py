"""Requests that are over in time, however slowly the other side speaks.

The time-outs of `httpx` begin anew with every byte: whoever sends one now and then holds a request, and the thread that
waits for it, for as long as they like.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any, Final

import httpcore
import httpx

from cardsvc.client.transport import IDLE_SECONDS

_until: Final = ContextVar("_until", default=math.inf)


@contextmanager
def over_within(seconds: float) -> Iterator[None]:
    """All that is sent and received in this block, in this thread, by a `BoundedTransport` raises a time-out then."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


class BoundedTransport(httpx.HTTPTransport):
    """As its base, which takes no settings of the environment here, but keeps to `over_within`."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(),
        )


class _Backend(httpcore.NetworkBackend):
    """Makes connections."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(
            self._plain.connect_tcp(host, port, _left(timeout, httpcore.ConnectTimeout), local_address, socket_options)
        )


class _Stream(httpcore.NetworkStream):
    """One of them."""

    def __init__(self, plain: httpcore.NetworkStream) -> None:
        self._plain = plain

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._plain.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._plain.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def _left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    """Seconds for the next step. Raises ``over`` when there are none."""
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise over
    return timeout if math.isinf(left) else left if timeout is None else min(timeout, left)
