"""Having a card written, with names and times of the steps, and what it means to pull the card out at each.

The service writes; the desk carries. Whatever breaks off is gone on with by the same call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.relay import Progress
from kiosk.desk.progress import Report
from kiosk.desk.relay import relay_personalisation
from readers.connection import CardReader
from readers.metering import MeteredConnection
from readers.piv.pin import Pin


class IfPulled(StrEnum):
    """What becomes of a card that is pulled out at a step."""

    NOTHING_WRITTEN = "nothing-written"
    GOES_ON = "goes-on"
    """Put in again, it is gone on with at this step."""
    SECRET = "secret"
    """Both secrets are in escrow: the card is asked which one it took."""
    KEY_AGAIN = "key-again"
    """The key is made again."""
    JUDGED_AGAIN = "judged-again"
    """It is written; it is only looked at again."""


IF_PULLED: Final[Mapping[str, IfPulled]] = MappingProxyType(
    {
        "probe": IfPulled.NOTHING_WRITTEN,
        "ccc": IfPulled.GOES_ON,
        "puk": IfPulled.SECRET,
        "transport-pin": IfPulled.SECRET,
        "key-9a": IfPulled.KEY_AGAIN,
        "certificate-9a": IfPulled.GOES_ON,
        "key-9c": IfPulled.KEY_AGAIN,
        "certificate-9c": IfPulled.GOES_ON,
        "key-9e": IfPulled.KEY_AGAIN,
        "certificate-9e": IfPulled.GOES_ON,
        "printed-information": IfPulled.GOES_ON,
        "facial-image": IfPulled.GOES_ON,
        "security-object": IfPulled.GOES_ON,
        "management-key": IfPulled.SECRET,
        "chuid": IfPulled.GOES_ON,
        "inspect": IfPulled.JUDGED_AGAIN,
    }
)
"""All steps of the service, in their order."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long a step took."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went, in seconds."""

    steps: tuple[StepTime, ...]
    whole: float
    card: float
    """Waiting for the card and its reader; the rest is the network, the service and this machine."""
    apdus: int


@dataclass(frozen=True, slots=True)
class Written:
    """A card that is sealed. The transport PIN goes to the citizen, and is kept nowhere."""

    card_uuid: UUID
    transport_pin: Pin
    timing: Timing


@dataclass
class Stopwatch:
    """Times steps, each from its beginning to that of the next."""

    clock: Callable[[], float]
    begun: list[tuple[str, float]] = field(default_factory=list)

    def step(self, name: str) -> None:
        """A step begins."""
        self.begun.append((name, self.clock()))

    def stop(self) -> tuple[StepTime, ...]:
        """The last one is over."""
        ends = [at for _, at in self.begun[1:]] + [self.clock()]
        return tuple(StepTime(name, end - at) for (name, at), end in zip(self.begun, ends, strict=True))


def write(
    officer: ServiceClient,
    reader: CardReader,
    card_uuid: UUID,
    report: Report | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Written:
    """Have the card in the reader written, or gone on with, until it is sealed.

    Raises ReaderError, RelayRefused, RelayBroken, and Cancelled at the beginning of a step: `aftermath` tells what is
    true then. The same call again goes on.
    """
    told, watch, began = report or Report(), Stopwatch(clock), clock()

    def progressed(progress: Progress) -> None:
        watch.step(progress.step)
        told.step(progress.step, progress.done, progress.total)

    with reader.connect() as connection:
        metered = MeteredConnection(connection, clock)
        finished = relay_personalisation(officer, card_uuid, metered, progressed, told.check)
    timing = Timing(watch.stop(), clock() - began, metered.seconds, metered.apdus)
    return Written(finished.card_uuid, Pin(finished.transport_pin), timing)


class Aftermath(StrEnum):
    """What is true of a card whose writing was broken off, by the service's record."""

    NOTHING_WRITTEN = "nothing-written"
    """It is reserved still, and blank."""
    GOES_ON = "goes-on"
    QUARANTINED = "quarantined"
    """It is put aside for good, and its application is approved still: take another card."""
    SEALED = "sealed"
    """It is finished; only the last word was lost, and the transport PIN with it."""
    OVER = "over"
    """Somebody ended it meanwhile."""


_AFTER: Final = {
    CardState.STOCK: Aftermath.NOTHING_WRITTEN,
    CardState.RESERVED: Aftermath.NOTHING_WRITTEN,
    CardState.PERSONALISING: Aftermath.GOES_ON,
    CardState.QUARANTINED: Aftermath.QUARANTINED,
    CardState.SEALED: Aftermath.SEALED,
}


def aftermath(officer: ServiceClient, card_uuid: UUID) -> Aftermath:
    """Ask the service what became of it. Raises ServiceProblem, ServiceUnreachable."""
    return _AFTER.get(officer.card(card_uuid).state, Aftermath.OVER)
