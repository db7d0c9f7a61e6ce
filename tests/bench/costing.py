"""What an operation costs: APDUs and bytes as the card saw them, the time over PC/SC, and the least time on the air."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from readers.metering import Usage
from readers.virtual.journal import Exchange, read_journal
from tests.bench import air

OURS: Final = "ours"
YUBIKIT: Final = "yubikit"

Run = Callable[[], float]
"""Does the operation once; gives the seconds of it that are not the card's or its driver's fault."""


@dataclass(slots=True)
class Cost:
    """Of one contender."""

    exchanges: tuple[Exchange, ...]
    """Of one run."""
    milliseconds: list[float] = field(default_factory=list)

    @property
    def usage(self) -> Usage:
        """Counted by the card."""
        return Usage(
            len(self.exchanges),
            sum(exchange.bytes_in for exchange in self.exchanges),
            sum(exchange.bytes_out for exchange in self.exchanges),
        )

    @property
    def median(self) -> float:
        """Milliseconds."""
        return statistics.median(self.milliseconds)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        sizes = [air.Sizes(exchange.bytes_in, exchange.bytes_out) for exchange in self.exchanges]
        return {
            "apdus": self.usage.apdus,
            "bytes_sent": self.usage.bytes_sent,
            "bytes_received": self.usage.bytes_received,
            "median_ms": round(self.median, 3),
            "air_ms": {str(kbits): round(air.milliseconds(sizes, kbits), 2) for kbits in air.DIVISORS},
        }


def compare(
    contenders: Mapping[str, Run], journal: Path, rounds: int, between: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Run each in turn, ``rounds`` times; ``between`` puts the card back before every run and is not counted."""
    costs: dict[str, Cost] = {}
    for who, run in contenders.items():
        between()
        before = len(read_journal(journal))
        run()
        costs[who] = Cost(read_journal(journal)[before:])
    for _ in range(rounds):
        for who, run in contenders.items():
            between()
            began = time.perf_counter()
            excused = run()
            costs[who].milliseconds.append((time.perf_counter() - began - excused) * 1000)
    report: dict[str, Any] = {who: cost.as_json() for who, cost in costs.items()}
    return {**report, "ratio_ms": round(costs[OURS].median / costs[YUBIKIT].median, 3)}
