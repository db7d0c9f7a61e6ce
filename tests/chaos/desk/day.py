"""The day: two clerks at once, and what must hold in the evening."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.client import ServiceClient
from cardsvc.db import reading
from cardsvc.issuance.models import Application
from cardsvc.wire.lifecycle import ApplicationState, CardState
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd, unavailable_reason
from tests.chaos.desk.clerk import OWN, Clerk, Issued
from tests.chaos.desk.line import Line
from tests.chaos.desk.memory import Memory
from tests.chaos.desk.tray import InProcess, OnPcscd, Tray
from tests.chaos.service.judging import verify_log
from tests.fixtures.invariants import assert_sound
from tests.fixtures.mortal import MortalService, founded

CLERKS: Final = ("ana", "bo")
THREE_MINUTES: Final = 180_000
"""Milliseconds. The desk's own share of a card, from the person to the card in force, is not to take longer."""
PERSON_TO_CARD: Final = "person to card in force"
_WARM: Final = 5
_PINGS: Final = 30
_BESIDE: Final = 5
_ENDS: Final = frozenset({CardState.ACTIVE, CardState.QUARANTINED})


@dataclass
class Evening:
    """What was found."""

    seed: int
    transport: str
    applications: int
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    lives: int = 0
    """Of the service."""
    cuts: int = 0
    wrong: list[str] = field(default_factory=list)
    growth: Memory = field(default_factory=lambda: Memory(0, 0))
    """From the first fifth of the day to its end."""
    milliseconds: dict[str, Any] = field(default_factory=dict)

    @property
    def person_to_card(self) -> float | None:
        """The median, in milliseconds: all that the desk, the card and the service take, and no clerk's typing."""
        took = self.milliseconds.get("desk", {}).get(PERSON_TO_CARD)
        return None if took is None else float(took)

    @property
    def in_time(self) -> bool:
        """Kept out of `good`: a campaign may fail by the clock, a test may not. Nothing measured is not in time."""
        return self.person_to_card is not None and self.person_to_card <= THREE_MINUTES

    @property
    def good(self) -> bool:
        return not self.wrong and not self.growth.too_much

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "good": self.good, "in_time": self.in_time}


def spend(
    folder: Path,
    database_url: str,
    seed: int,
    applications: int,
    told: Callable[[], object] = lambda: None,
    *,
    in_process: bool = False,
) -> Evening:
    """A whole day."""
    with ExitStack() as stack:
        service = stack.enter_context(founded(folder, database_url, {}, rate_limits="none"))
        transport, trays = stack.enter_context(_trays(folder, in_process=in_process))
        # The service dies with the thread that started it: that one lives all day.
        keeper = stack.enter_context(ThreadPoolExecutor(1))

        def restart() -> None:
            keeper.submit(service.restart).result()

        clerks = [
            stack.enter_context(_clerk(service, folder, tray, restart, number, random=Random(f"{seed}:{number}")))  # noqa: S311
            for number, tray in enumerate(trays)
        ]
        evening = Evening(seed, transport, applications)
        began = time.monotonic()
        evening.growth = _work(clerks, applications, told)
        evening.seconds = round(time.monotonic() - began, 1)
        evening.faults = dict(Counter(one.fault.value for clerk in clerks for one in clerk.issued))
        evening.met = dict(sum((clerk.met for clerk in clerks), Counter()))
        evening.lives, evening.cuts = service.lives, sum(clerk.line.cuts for clerk in clerks)
        evening.wrong = _judge(service, [one for clerk in clerks for one in clerk.issued])
        evening.milliseconds = _times(clerks, folder)
        return evening


def _work(clerks: Sequence[Clerk], applications: int, told: Callable[[], object]) -> Memory:
    """How much the memory grew, after everything was used once."""
    each, sizes = applications // len(clerks), []
    for part in (each // _WARM, each - each // _WARM):
        done = {clerk.name: len(clerk.issued) for clerk in clerks}
        with ThreadPoolExecutor(len(clerks)) as pool:
            for working in [pool.submit(_part, clerk, done[clerk.name], part, told) for clerk in clerks]:
                working.result()
        sizes.append(Memory.now())
    return sizes[-1].since(sizes[0], len(clerks) * (each - each // _WARM))


def _part(clerk: Clerk, first: int, count: int, told: Callable[[], object]) -> None:
    for number in range(first, first + count):
        clerk.issue(number)
        told()


@contextmanager
def _trays(folder: Path, *, in_process: bool) -> Iterator[tuple[str, Sequence[Tray]]]:
    if in_process or unavailable_reason() is not None:
        yield "in this process", [InProcess(folder / f"{name}.slot") for name in CLERKS]
        return
    with PrivatePcscd() as pcscd, ExitStack() as stack:
        import os  # noqa: PLC0415 - only here is it this process's to say

        os.environ.update(pcscd.environment)
        trays = [OnPcscd(pcscd, name) for name in (CONTACT_READER, CONTACTLESS_READER)]
        for tray in trays:
            stack.callback(tray.close)
        yield "pcscd", trays


@contextmanager
def _clerk(
    service: MortalService, folder: Path, tray: Tray, restart: Callable[[], None], number: int, *, random: Random
) -> Iterator[Clerk]:
    name, colleague = CLERKS[number], CLERKS[1 - number]
    with ExitStack() as stack:
        line = stack.enter_context(Line(service.port))
        own, other, desk = (
            stack.enter_context(ServiceClient(line.url, caller, service.keys[caller], issuer=service.settings.issuer))
            for caller in (name, colleague, "desk-1")
        )
        yield Clerk(name, own, other, desk, line, tray, restart, folder, random)


def _judge(service: MortalService, issued: Sequence[Issued]) -> list[str]:
    """In the database itself."""
    wrong = []
    try:
        assert_sound(service.services)
    except AssertionError as error:
        wrong.append(str(error))
    with reading(service.services.sessions) as session:
        states = {row.id: row.state for row in session.scalars(select(Application))}
        cards = {row.stock_number: row.state for row in session.scalars(select(Card))}
    wrong += [f"{one.application}: {states[one.application]}" for one in issued if not _closed(states[one.application])]
    wrong += [f"{number}: {state}" for number, state in cards.items() if state not in _ENDS]
    active = sum(state is CardState.ACTIVE for state in cards.values())
    if active != len(issued):
        wrong.append(f"{active} cards in force for {len(issued)} people")
    return wrong + verify_log(service)


def _closed(state: ApplicationState) -> bool:
    return state is ApplicationState.CLOSED


def _times(clerks: Sequence[Clerk], folder: Path) -> dict[str, Any]:
    """Medians of the cards that were written in one go, in milliseconds."""
    timings = [one.writing for clerk in clerks for one in clerk.issued if one.writing is not None]
    if not timings:
        return {}
    empty = _round_trip(clerks[0].line)
    whole, card = (statistics.median(values) for values in ([t.whole for t in timings], [t.card for t in timings]))
    network = statistics.median(t.requests for t in timings) * empty
    ours: dict[str, Any] = {
        "whole": round(whole * 1000, 1),
        "card": round(card * 1000, 1),
        "network": round(network * 1000, 1),
        "ours": round((whole - card - network) * 1000, 1),
        "apdus": statistics.median(t.apdus for t in timings),
        "cards": len(timings),
        PERSON_TO_CARD: round(statistics.median(o.seconds for c in clerks for o in c.issued) * 1000, 1),
    }
    return {"desk": ours, "yubikit": _beside(clerks[0], folder)}


def _round_trip(line: Line) -> float:
    """Seconds of a request that asks for nothing, over the same line."""
    with httpx.Client(base_url=line.url) as client:
        took = []
        for _ in range(_PINGS):
            began = time.perf_counter()
            client.get("/healthz")
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def _beside(clerk: Clerk, folder: Path) -> dict[str, Any]:
    if importlib.util.find_spec("yubikit") is None:
        return {}
    from tests.chaos.desk.beside import content_of, personalise  # noqa: PLC0415 - yubikey-manager may be missing

    clerk.tray.insert(folder / f"{clerk.name.upper()}-{clerk.cards:05}")
    content = content_of(clerk.tray, OWN)
    runs = [personalise(clerk.tray, folder / f"yubikit-{number}", content) for number in range(_BESIDE)]
    whole, card = (statistics.median(values) for values in ([r.whole for r in runs], [r.card for r in runs]))
    return {
        "whole": round(whole * 1000, 1),
        "card": round(card * 1000, 1),
        "library": round((whole - card) * 1000, 1),
        "apdus": runs[0].apdus,
    }
