"""The cost table: tap, authentication with PIN, signature and personalisation, on real PC/SC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from smartcard.System import readers as pcsc_readers
from ykman.pcsc import ScardSmartCardConnection
from yubikit.core.smartcard import SmartCardConnection

from kiosk.city.stage import CardFiles, Place, Stage
from readers.connection import CardConnection
from tests.bench import air, costing, personalising
from tests.bench.costing import OURS, YUBIKIT
from tests.bench.using import Operations
from tests.fixtures import cards

_CARD_SECONDS: Final = 10


def measure(stage: Stage, folder: Path, rounds: int) -> dict[str, Any]:
    """All operations. A personalisation takes as long as ten taps, so a tenth as many are made."""
    card = CardFiles.named(folder, "used")
    cards.personalise(card.state)
    report: dict[str, Any] = {}
    with _both(stage, card, Place.CONTACTLESS) as (ours, theirs):
        report["tap"] = costing.compare(Operations(ours, theirs, cards.PIN).tap(), card.journal, rounds)
    with _both(stage, card, Place.CONTACT) as (ours, theirs):
        use = Operations(ours, theirs, cards.PIN)
        report["pin"] = costing.compare(use.pin_authentication(), card.journal, rounds)
        report["signature"] = costing.compare(use.signature(), card.journal, rounds)
    report["personalisation"] = {
        **_personalisation(stage, CardFiles.named(folder, "blank"), max(rounds // 10, 3)),
        "with_discovery": personalising.with_discovery(folder),
    }
    report["air_model"] = {"kbits": list(air.DIVISORS), "framing": (air.__doc__ or "").split("\n\n", 1)[1].strip()}
    return report


def _personalisation(stage: Stage, card: CardFiles, rounds: int) -> dict[str, Any]:
    with _both(stage, card, Place.CONTACT) as (ours, theirs):
        runs = personalising.Personalisations(ours, theirs)
        report = costing.compare(runs.runs(), card.journal, rounds, runs.blank)
    report["ratio_ms_short"] = _ratio(report, OURS, personalising.YUBIKIT_SHORT)
    report["ratio_ms_extended"] = _ratio(report, personalising.OURS_EXTENDED, YUBIKIT)
    return {**report, "floor": personalising.floors(runs.last.written, report[OURS]["apdus"])}


def _ratio(report: dict[str, Any], ours: str, theirs: str) -> float:
    ratio: float = report[ours]["median_ms"] / report[theirs]["median_ms"]
    return round(ratio, 3)


@contextmanager
def _both(stage: Stage, card: CardFiles, place: Place) -> Iterator[tuple[CardConnection, SmartCardConnection]]:
    """The card in a reader, shared by two connections."""
    stage.put_on(card, place)
    reader, name = stage.reader(place), stage.reader_name(place)
    if not reader.wait_for_card(_CARD_SECONDS):
        raise RuntimeError("the card does not show up in the reader")
    (theirs,) = (found for found in pcsc_readers() if found.name == name)
    with reader.connect() as ours:
        yubikit = ScardSmartCardConnection(theirs.createConnection())
        yield ours, yubikit
        yubikit.close()
    stage.take_off(place)


_CONTENDERS: Final = (OURS, YUBIKIT, personalising.OURS_EXTENDED, personalising.YUBIKIT_SHORT)
_TITLES: Final = {
    "tap": "tap (9E)",
    "pin": "PIN and 9A",
    "signature": "PIN and 9C",
    "personalisation": "personalisation",
}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the table."""
    columns = ("APDUs", "sent", "received", "median ms", *(f"air {kbits}" for kbits in air.DIVISORS), "ratio")
    table = Table("", "", *columns, title="Costs on the same card; air: least ms at kbit/s", title_justify="left")
    for operation, title in _TITLES.items():
        result = report[operation]
        for who in (known for known in _CONTENDERS if known in result):
            cost = result[who]
            counts = [str(cost[name]) for name in ("apdus", "bytes_sent", "bytes_received", "median_ms")]
            ratio = str(result["ratio_ms"]) if who == OURS else ""
            table.add_row(title if who == OURS else "", who, *counts, *map(str, cost["air_ms"].values()), ratio)
    written = report["personalisation"]
    least = written["floor"]
    console.print(table)
    console.print(
        f"personalisation, ours / yubikit: {written['ratio_ms_short']} both in short APDUs, "
        f"{written['ratio_ms_extended']} both in extended ones"
    )
    discovery = written["with_discovery"]
    console.print(
        f"personalisation in short APDUs: floor {least['apdus']}, we are {least['above_floor']} above it; where the "
        f"discovery object is ours to write too: floor {discovery['apdus']}, we are {discovery['above_floor']} above it"
    )
