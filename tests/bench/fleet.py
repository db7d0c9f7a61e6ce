"""Five hundred kiosks at one service: how long it takes until each of them turns a revoked card away, and has said so.

A kiosk is the real one's heart and memory of revocations (`kiosk.fleet`), with a key and connections of its own; all of
them run in this process. The time counts from the officer's request to the moment at which the card is turned away.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from joserfc.jwk import ECKey

from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import register_caller
from cardsvc.client import ServiceClient
from cardsvc.client.clock import system_clock
from cardsvc.db import transaction
from cardsvc.wire.fleet import Heartbeat, Pulse, ReaderCondition
from cardsvc.wire.lifecycle import RevocationReason
from cardsvc.wire.officers import Role
from kiosk.background import Repeated
from kiosk.fleet.heart import Heart
from kiosk.fleet.revocations import Revocations
from tests.bench.authenticating import open_service
from tests.bench.crowd import Crowd

OFFICER: Final = "cy"
_PATIENCE: Final = 120.0


@dataclass
class SimulatedKiosk:
    """A kiosk without readers or a screen."""

    client: ServiceClient
    beats: int = 0

    def __post_init__(self) -> None:
        self.revocations = Revocations(self.client, system_clock)
        self.work = Repeated(self.client.client_id, Heart(self.client, self._look, self._hear).beat)

    def _look(self) -> Heartbeat:
        ready = ReaderCondition.READY
        return Heartbeat(software="bench", sent_at=system_clock(), contactless=ready, contact=ready)

    def _hear(self, pulse: Pulse) -> None:
        self.beats += 1
        self.revocations.hear(pulse.newest_revocation)


def measure(folder: Path, database_url: str, kiosks: int, revocations: int) -> dict[str, Any]:
    """Found a city on ``database_url`` (SQLite when empty), and revoke so many cards, one after the other."""
    crowd = Crowd.gather(folder, database_url, revocations)
    keys = _register(crowd, kiosks)
    with open_service(crowd, folder, 1, ()) as service, ExitStack() as stack:
        url = f"http://127.0.0.1:{service.port}"
        issuer = crowd.services.settings.issuer
        officer = stack.enter_context(ServiceClient(url, OFFICER, keys.pop(OFFICER), issuer=issuer))
        clients = [ServiceClient(url, name, key, issuer=issuer) for name, key in keys.items()]
        fleet = [SimulatedKiosk(stack.enter_context(client)) for client in clients]
        with _running(fleet):
            began = time.monotonic()
            spans = [span for card in crowd.cards for span in _revoke(officer, card.uuid, fleet)]
            seconds = time.monotonic() - began
            beats = sum(kiosk.beats for kiosk in fleet)
            reach = _complete(officer, revocations)
    return {"kiosks": kiosks, "revocations": revocations, "acknowledged_by_all": reach} | _summary(
        spans, beats, seconds
    )


def _summary(spans: list[float], beats: int, seconds: float) -> dict[str, Any]:
    ordered = sorted(spans)
    return {
        "seen": len(spans),
        "median_s": round(statistics.median(ordered), 2),
        "p99_s": round(ordered[int(len(ordered) * 0.99) - 1], 2),
        "longest_s": round(ordered[-1], 2),
        "heartbeats_per_second": round(beats / seconds),
    }


def _register(crowd: Crowd, kiosks: int) -> dict[str, ECKey]:
    """The kiosks, and an officer who revokes."""
    keys = {name: ECKey.generate_key("P-256") for name in (OFFICER, *(f"kiosk-{number}" for number in range(kiosks)))}
    now = datetime.now(UTC)
    with transaction(crowd.services.sessions) as session:
        for name, key in keys.items():
            is_officer = name == OFFICER
            register_caller(
                session,
                client_id=name,
                kind=CallerKind.OFFICER if is_officer else CallerKind.KIOSK,
                title=name,
                public_jwk=key.as_dict(private=False),
                actor="ceremony",
                now=now,
                roles=(Role.SUPERVISOR, Role.AUDITOR) if is_officer else (),
            )
    return keys


@contextmanager
def _running(fleet: list[SimulatedKiosk]) -> Iterator[None]:
    """They start within one interval, as kiosks do that were not switched on together; and have all been heard once."""
    for kiosk in fleet:
        kiosk.work.start()
        time.sleep(5 / len(fleet))
    until = time.monotonic() + _PATIENCE
    while not all(kiosk.beats for kiosk in fleet):
        if time.monotonic() > until:
            raise RuntimeError("not every kiosk is heard")
        time.sleep(0.1)
    try:
        yield
    finally:
        stopping = [threading.Thread(target=kiosk.work.stop) for kiosk in fleet]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()


def _revoke(officer: ServiceClient, card: UUID, fleet: list[SimulatedKiosk]) -> list[float]:
    """For each kiosk the seconds until it turned the card away."""
    began = time.monotonic()
    officer.revoke(card, RevocationReason.STOLEN)
    moments: list[float] = []
    watching = {kiosk.client.client_id: kiosk for kiosk in fleet}
    while watching:
        if time.monotonic() > began + _PATIENCE:
            raise RuntimeError(f"{len(watching)} kiosks never heard of it")
        known = [name for name, kiosk in watching.items() if kiosk.revocations.turns_away(card)]
        moments += [time.monotonic() - began] * len(known)
        for name in known:
            del watching[name]
        time.sleep(0.02)
    return moments


def _complete(officer: ServiceClient, revocations: int) -> int:
    """How many the service knows to be acknowledged by everybody, once it is all of them."""
    until = time.monotonic() + _PATIENCE
    while (complete := officer.revocation_reach().complete) < revocations and time.monotonic() < until:
        time.sleep(0.5)
    return complete
