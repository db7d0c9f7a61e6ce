"""Authentications per second of the real service, beside an empty FastAPI endpoint on the same server.

Cards prove themselves at a department's own reader: a challenge is answered, the signature and the certificate's chain
are verified, the status read in the database, the record committed, an assertion signed. The proofs are made
beforehand, each over a challenge of its own; the client is a process of its own; afterwards the audit records in the
database are counted and must equal the answers.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from kiosk.city.processes import ChildProcess, python
from tests.bench import processors
from tests.bench.crowd import Crowd

CONNECTIONS: Final = (64, 128)
"""Each sends one request after the other. Two processes share them, so that with few of them groups are small, and
while a group waits for the disk there is nobody left to work for: then it is the disk that is measured."""
WARM_UP: Final = 2000
TURNS: Final = 5
PEOPLE: Final = 300
_PATH: Final = "/v1/card-authentications"


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that is measured, and whatever else works for it."""

    port: int
    pids: tuple[int, ...]

    def processor_seconds(self) -> float | None:
        """Used so far."""
        used = [processors.seconds_of(pid) for pid in self.pids]
        known = [seconds for seconds in used if seconds is not None]
        return sum(known) if len(known) == len(used) else None


@dataclass(frozen=True, slots=True)
class Load:
    """What a client process reported, and what the server used meanwhile."""

    per_second: float
    ms: tuple[float, ...]
    accepted: int
    server_us: float | None
    """Processor time for each request."""
    client_us: float

    @classmethod
    def run(cls, contender: Contender, token: str, bodies: list[str], connections: int) -> Self:
        """Send every body once, from a process of its own."""
        requests = {"path": _PATH, "headers": {"Authorization": f"Bearer {token}"}, "bodies": bodies}
        before = contender.processor_seconds()
        done = subprocess.run(
            python("tests.bench.load", str(contender.port), str(connections)),
            input=json.dumps(requests),
            capture_output=True,
            text=True,
            check=True,
        )
        after = contender.processor_seconds()
        answer = json.loads(done.stdout)
        accepted = sum(count for status, count in answer["statuses"].items() if status in {"200", "201"})
        used = None if before is None or after is None else 1e6 * (after - before) / len(bodies)
        return cls(
            per_second=len(bodies) / answer["seconds"],
            ms=tuple(answer["ms"]),
            accepted=accepted,
            server_us=used,
            client_us=1e6 * answer["cpu_seconds"] / len(bodies),
        )


Pair = tuple[Load, Load]


def measure(
    folder: Path, database_url: str, proofs: int, workers: int, database_pids: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Found a city on ``database_url`` (SQLite when empty), and have its people prove themselves ``proofs`` times over
    each of `CONNECTIONS`.

    Service and empty endpoint take turns, so that what else the machine does falls on both.
    """
    crowd = Crowd.gather(folder, database_url, PEOPLE)
    with open_service(crowd, folder, workers, database_pids) as service, _open_empty(folder, workers) as empty:
        token = crowd.access_token(f"http://127.0.0.1:{service.port}")
        loads = [(connections, proofs // TURNS) for connections in CONNECTIONS for _ in range(TURNS)]
        turns = [
            (connections, _turn(service, empty, token, crowd.requests(size), connections))
            for connections, size in [(CONNECTIONS[0], WARM_UP), *loads]
        ]
    accepted, audited = sum(service.accepted for _, (service, _) in turns), crowd.count_records()
    if not audited == accepted == WARM_UP + sum(size for _, size in loads):
        raise RuntimeError(f"{accepted} of {loads} proofs accepted, {audited} in the audit log")
    facts = {"processes": workers, "audit_records": audited}
    return [
        {"connections": connections, **facts, **_summary([pair for count, pair in turns[1:] if count == connections])}
        for connections in CONNECTIONS
    ]


def _turn(service: Contender, empty: Contender, token: str, bodies: list[str], connections: int) -> Pair:
    return Load.run(service, token, bodies, connections), Load.run(empty, token, bodies, connections)


def _summary(pairs: list[Pair]) -> dict[str, Any]:
    times = sorted(ms for service, _ in pairs for ms in service.ms)
    return {
        "of_empty_endpoint": _median([service.per_second / empty.per_second for service, empty in pairs], 3),
        "per_second": _median([service.per_second for service, _ in pairs]),
        "empty_per_second": _median([empty.per_second for _, empty in pairs]),
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(len(times) * 0.99) - 1], 2),
        "processor_us": _median([service.server_us for service, _ in pairs]),
        "empty_processor_us": _median([empty.server_us for _, empty in pairs]),
        "client_us": _median([service.client_us for service, _ in pairs]),
        "turns_per_second": [round(service.per_second) for service, _ in pairs],
    }


def _median(values: list[float] | list[float | None], digits: int | None = None) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), digits) if len(known) == len(values) else None


@contextmanager
def open_service(crowd: Crowd, folder: Path, workers: int, more_pids: tuple[int, ...]) -> Iterator[Contender]:
    """The service as it is run; ``more_pids`` work for it too: the database's."""
    command = python("cardsvc.cli", "serve", "--port=0", f"--workers={workers}")
    with ChildProcess("service", command, crowd.environment, folder / "service.log") as process:
        yield Contender(_port_of(process), (process.pid, *more_pids))


@contextmanager
def _open_empty(folder: Path, workers: int) -> Iterator[Contender]:
    """An application that does nothing, on the same server with the same settings."""
    command = python("tests.bench.empty", str(workers))
    with ChildProcess("empty", command, {}, folder / "empty.log") as process:
        yield Contender(_port_of(process), (process.pid,))


def _port_of(process: ChildProcess) -> int:
    announced = re.search(r":(\d+)", process.wait_for("listening on ", 120))
    if announced is None:
        raise RuntimeError(f"{process.name} does not say where it listens")
    return int(announced[1])
