"""Our tap beside yubikit's doing the same, alternately, on the same card in the same reader."""

from __future__ import annotations

import hashlib
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from smartcard.System import readers as pcsc_readers
from ykman.pcsc import ScardSmartCardConnection
from yubikit.core import Tlv
from yubikit.core.smartcard import SmartCardConnection
from yubikit.piv import OBJECT_ID, SLOT
from yubikit.piv import PivSession as YubikitSession

from kiosk.city.stage import CardFiles, Place, Stage
from readers.connection import CardConnection
from readers.metering import Usage
from readers.piv.tap import tap


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who taps."""

    usage: Usage
    median_ms: float

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "apdus": self.usage.apdus,
            "bytes_sent": self.usage.bytes_sent,
            "bytes_received": self.usage.bytes_received,
            "median_ms": round(self.median_ms, 3),
        }


def compare(stage: Stage, card: CardFiles, rounds: int, progress: Callable[[], None]) -> dict[str, Any]:
    """Tap ``rounds`` times each. The counts come from the card's own journal, the times from this process."""
    stage.put_on(card, Place.CONTACTLESS)
    reader = stage.reader(Place.CONTACTLESS)
    if not reader.wait_for_card(10):
        raise RuntimeError("the card does not show up in the reader")
    name = stage.reader_name(Place.CONTACTLESS)
    (theirs,) = (found for found in pcsc_readers() if found.name == name)
    with reader.connect() as connection:
        yubikit = ScardSmartCardConnection(theirs.createConnection())
        taps: dict[str, Callable[[], None]] = {
            "ours": lambda: _ours(connection),
            "yubikit": lambda: _yubikit(yubikit),
        }
        usages = {who: _usage_of(run, card) for who, run in taps.items()}
        times: dict[str, list[float]] = {who: [] for who in taps}
        for _ in range(rounds):
            for who, run in taps.items():
                began = time.perf_counter()
                run()
                times[who].append((time.perf_counter() - began) * 1000)
            progress()
        yubikit.close()
    stage.take_off(Place.CONTACTLESS)
    result = {who: Contender(usages[who], statistics.median(times[who])) for who in taps}
    ratio = result["ours"].median_ms / result["yubikit"].median_ms
    return {**{who: contender.as_json() for who, contender in result.items()}, "ratio_ms": round(ratio, 3)}


def _statement(_card: UUID) -> bytes:
    return hashlib.sha256(secrets.token_bytes(32)).digest()


def _ours(connection: CardConnection) -> None:
    tap(connection, _statement)


def _yubikit(connection: SmartCardConnection) -> None:
    session = YubikitSession(connection)
    chuid = Tlv.parse_dict(session.get_object(OBJECT_ID.CHUID))
    UUID(bytes=chuid[0x34])
    key_type = session.get_slot_metadata(SLOT.CARD_AUTH).key_type
    session.sign(SLOT.CARD_AUTH, key_type, secrets.token_bytes(32), hashes.SHA256())


def _usage_of(run: Callable[[], None], card: CardFiles) -> Usage:
    before = card.usage
    run()
    return card.usage - before
