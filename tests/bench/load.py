"""A client process: sends ready-made requests over a few connections and reports how long each took.

usage: python -m tests.bench.load PORT CONNECTIONS < requests.json > answers.json

Requests are ``{"path", "headers", "bodies": [...]}``; answers ``{"seconds", "cpu_seconds", "ms": [...], "statuses":
{...}}``. Each connection sends a request, reads the whole answer, looks at its status, and sends the next one. It runs
on the processors of the server that is measured, so it has to be cheap: it speaks HTTP/1.1 in a protocol of asyncio's,
without streams and without a client library, and its requests are put together before the clock starts.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

import uvloop

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_STATUS: Final = slice(9, 12)


@dataclass(slots=True)
class Tally:
    """What came back."""

    ms: list[float] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)


class Connection(asyncio.Protocol):
    """Sends one request after the other, until there are none left."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._tally = tally
        self._done = done
        self._answer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not derived from it
        self._send_next()

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer, seldom less than all of it."""
        self._answer += data
        try:
            whole = self._is_whole()
        except ValueError as error:
            self._transport.abort()
            self._done.set_exception(error)
            return
        if whole:
            self._tally.ms.append((time.perf_counter() - self._began) * 1000)
            self._tally.statuses[self._answer[_STATUS]] += 1
            self._answer = b""
            self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for an answer that cannot come."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server hung up"))

    def _is_whole(self) -> bool:
        head = self._answer.find(_END_OF_HEAD)
        if head < 0:
            return False
        length = _LENGTH.search(self._answer, 0, head + len(_END_OF_HEAD))
        if length is None:
            raise ValueError("an answer that does not say how long it is")
        return len(self._answer) == head + len(_END_OF_HEAD) + int(length[1])

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(None)
            self._transport.close()
        else:
            self._began = time.perf_counter()
            self._transport.write(request)


def compose(path: str, headers: dict[str, str], bodies: list[str]) -> list[bytes]:
    """The requests as they go over the wire."""
    all_headers = {"Host": "127.0.0.1", "Content-Type": "application/json", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    head = f"POST {path} HTTP/1.1\r\n{lines}".encode()
    return [head + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in map(str.encode, bodies)]


async def send_all(port: int, connections: int, requests: list[bytes]) -> dict[str, Any]:
    """Send each once, over so many connections."""
    loop, tally, left = asyncio.get_running_loop(), Tally(), iter(requests)
    ends = [loop.create_future() for _ in range(connections)]
    cpu, began = time.process_time(), time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Connection(left, tally, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "ms": tally.ms,
        "statuses": {status.decode(): count for status, count in tally.statuses.items()},
    }


def main() -> None:
    """Entry point."""
    requests = compose(**json.load(sys.stdin))
    json.dump(uvloop.run(send_all(int(sys.argv[1]), int(sys.argv[2]), requests)), sys.stdout)


if __name__ == "__main__":
    main()
