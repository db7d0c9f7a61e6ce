"""Steps that are timed, counted and written down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from readers.metering import Usage


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did. Counts are what the card saw."""

    name: str
    ok: bool
    apdus: int
    bytes_sent: int
    bytes_received: int
    ms: float
    detail: str

    @classmethod
    def of(cls, name: str, used: Usage, ms: float, detail: str, *, ok: bool) -> Self:
        """Put the pieces together."""
        return cls(name, ok, used.apdus, used.bytes_sent, used.bytes_received, round(ms, 1), detail)


class Recorder:
    """Runs steps one after the other until one fails."""

    def __init__(self, usage: Callable[[], Usage], console: Console) -> None:
        """``usage`` tells what the card has seen so far."""
        self._usage = usage
        self._console = console
        self.results: list[StepResult] = []

    @property
    def ok(self) -> bool:
        """Whether every step so far went well."""
        return all(result.ok for result in self.results)

    def run(self, name: str, step: Callable[[], str]) -> bool:
        """Carry out a step, which returns what was seen. A step that raises has failed."""
        before, began = self._usage(), time.perf_counter()
        with self._console.status(f"{name} …"):
            try:
                detail, ok = step(), True
            except Exception as error:  # noqa: BLE001 (any failure of a step belongs in the report)
                detail, ok = f"{type(error).__name__}: {error}", False
        ms = (time.perf_counter() - began) * 1000
        self.results.append(StepResult.of(name, self._usage() - before, ms, detail, ok=ok))
        self._console.print(f"{_mark(ok=ok)} {name} [dim]{ms:.0f} ms[/]", highlight=False)
        return ok

    def table(self, title: str) -> Table:
        """The steps as a table for people."""
        table = Table(title=title, title_justify="left", box=box.SIMPLE)
        for heading, justify in (("", "left"), ("step", "left"), ("APDUs", "right"), ("sent", "right"),
                                 ("received", "right"), ("ms", "right"), ("seen from outside", "left")):  # fmt: skip
            table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
        for result in self.results:
            counts = (result.apdus, result.bytes_sent, result.bytes_received)
            shown = [str(count) if result.apdus else "–" for count in counts]
            table.add_row(_mark(ok=result.ok), result.name, *shown, f"{result.ms:.0f}", escape(result.detail))
        return table

    def write(self, path: Path, transport: str) -> None:
        """Write the report for programs."""
        path.parent.mkdir(parents=True, exist_ok=True)
        report = {"transport": transport, "ok": self.ok, "steps": [asdict(result) for result in self.results]}
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def _mark(*, ok: bool) -> str:
    return "[green]✓[/]" if ok else "[red]✗[/]"
