"""A client process: sends ready-made requests over a few connections and reports how long each took.

usage: python -m tests.bench.load PORT CONNECTIONS < requests.json > answers.json

Requests are ``{"path", "headers", "bodies": [...]}``; answers ``{"seconds", "ms": [...], "statuses": {...}}``. It
speaks HTTP/1.1 over plain sockets: a full client library would cost more than what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator


async def _worker(port: int, head: bytes, bodies: Iterator[bytes], times: list[float], statuses: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        began = time.perf_counter()
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status, length = _parse(answer)
        await reader.readexactly(length)
        times.append((time.perf_counter() - began) * 1000)
        statuses[status] += 1
    writer.close()
    await writer.wait_closed()


def _parse(head: bytes) -> tuple[str, int]:
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(line.split(":")[1] for line in lines if line.startswith("content-length:"))
    return lines[0].split(" ")[1], int(length)


async def _run(port: int, connections: int) -> None:
    requests = json.load(sys.stdin)
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json", **requests["headers"]}
    head = f"POST {requests['path']} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    bodies = iter([body.encode() for body in requests["bodies"]])
    times: list[float] = []
    statuses: Counter[str] = Counter()
    began = time.perf_counter()
    await asyncio.gather(*(_worker(port, head.encode(), bodies, times, statuses) for _ in range(connections)))
    seconds = time.perf_counter() - began
    json.dump({"seconds": seconds, "ms": times, "statuses": statuses}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2])))
