"""How long parsers of a card's bytes take: over what a card says, and over the worst that one can answer."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from readers.errors import ReaderError
from tests.fuzz.targets import TARGETS, Target

MOST: Final = 32 * 1024
"""Bytes of the longest answer that is accepted."""


def measure(rounds: int = 20) -> dict[str, Any]:
    """By target: the longest good input and its median time, and the slowest kind of hostile input, in µs."""
    return {name: _measure(target, rounds) for name, target in sorted(TARGETS.items())}


def show(report: dict[str, Any], console: Console) -> None:
    """As a table."""
    table = Table("parser", "bytes", "µs", "slowest hostile input", "µs", title="Parsers", title_justify="left")
    for name, cost in report.items():
        table.add_row(name, str(cost["bytes"]), str(cost["median_us"]), cost["hostile"], str(cost["hostile_us"]))
    console.print(table)


def hostile(seed: bytes) -> Iterator[tuple[str, bytes]]:
    """As many bytes as a card may answer, of each kind that a parser might be slow about."""
    yield "zeros", bytes(MOST)
    yield "ones", b"\xff" * MOST
    yield "nested", b"".join(b"\x30\x83" + (MOST - 5 * depth).to_bytes(3, "big") for depth in range(1, MOST // 5 + 1))
    yield "empty elements", b"\x53\x00" * (MOST // 2)
    yield "repeated", (seed * (MOST // max(len(seed), 1) + 1))[:MOST]
    yield "longer", seed + bytes(MOST - min(len(seed), MOST))


def _measure(target: Target, rounds: int) -> dict[str, Any]:
    seed = max(target.seeds(), key=len)
    slowest = max(
        ((_median(target.consume, raw, max(rounds // 4, 3)), kind) for kind, raw in hostile(seed)), key=lambda x: x[0]
    )
    return {
        "bytes": len(seed),
        "median_us": _median(target.consume, seed, rounds),
        "hostile": slowest[1],
        "hostile_us": slowest[0],
    }


def _median(consume: Callable[[bytes], object], raw: bytes, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        with contextlib.suppress(ReaderError):
            consume(raw)
        times.append(time.perf_counter() - began)
    return round(median(times) * 1e6, 1)
