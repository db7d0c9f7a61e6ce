"""Everything for the time without a network, put together: what runs beside the kiosk, and what takes over at a tap."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.client.clock import Clock
from kiosk.background import Repeated
from kiosk.offers import Offer
from kiosk.offline.bringing import Bringer, Departments
from kiosk.offline.desk import OfflineDesk
from kiosk.offline.supplies import OfflineService, Store, SuppliesRefused
from kiosk.offline.watch import ClockWatch
from kiosk.visit import events
from kiosk.visit.events import Authenticated, Event
from kiosk.visit.screens import HoldAgain, KioskState, Trouble
from readers.connection import CardReader

_log = structlog.get_logger()

_FRESH: Final = 60.0
"""Seconds between two looks at the service while all is well."""
_RETRY: Final = 2.0
_LOOK: Final = 10.0


@dataclass(frozen=True, slots=True)
class OfflineEquipment:
    """What a kiosk is given for it."""

    folder: Path
    service: OfflineService
    monotonic: Callable[[], float] = time.monotonic


class StandBy:
    """Stands by. Start and stop it with the kiosk."""

    def __init__(
        self,
        equipment: OfflineEquipment,
        departments: Departments,
        addresses: Mapping[str, str],
        clock: Clock,
        state: Callable[[], KioskState],
        *,
        turned_away: Callable[[UUID], bool],
    ) -> None:
        """``addresses`` are those of the departments, by code; ``state`` is the kiosk's. Raises OSError.

        ``turned_away`` knows the cards that the service named since it made the status lists.
        """
        self._state = state
        self._store = Store(equipment.folder, equipment.service, clock)
        self._watch = ClockWatch(equipment.folder, clock, equipment.monotonic)
        self.desk = OfflineDesk(
            equipment.folder,
            equipment.service.client_id,
            self._store,
            self._watch,
            self._offers,
            turned_away=turned_away,
            clock=clock,
        )
        self._bringer = None
        if self.desk.journal is not None:
            self._bringer = Bringer(self.desk.journal, equipment.service, departments, addresses, self.desk.shut)
        self._background = (
            Repeated("offline-supplies", self._refresh),
            Repeated("offline-readiness", self._look),
            Repeated("offline-journal", self._bring),
        )

    def start(self) -> None:
        """Begin."""
        for part in self._background:
            part.start()

    def stop(self) -> None:
        """End."""
        for part in self._background:
            part.stop()
        self.desk.close()

    def nudge(self) -> None:
        """The service is there again: bring the journal back, and look for news."""
        for part in self._background:
            part.nudge()

    @property
    def trouble(self) -> Trouble:
        """What citizens are told while the service cannot be reached."""
        return Trouble.OFFLINE if self.desk.readiness.allowed else Trouble.SERVICE

    def tapped(self, reader: CardReader, by_tap: Callable[[CardReader], Authenticated]) -> Event:
        """What came of a tap: at the service if it can be reached, else here. Raises what explains why not."""
        screen, visit = self._state().screen, self._state().visit
        if isinstance(screen, HoldAgain) and visit is not None:
            outcome = self.desk.record(reader, visit.card_uuid, screen.submission)
            self._background[-1].nudge()
            return events.Recorded(screen.submission.key, outcome)
        try:
            return events.Tapped(by_tap(reader))
        except ServiceUnreachable:
            return events.AdmittedOffline(*self.desk.admit(reader))

    def metrics(self) -> str:
        """For Prometheus."""
        return self.desk.readiness.as_metrics(self.desk.waiting)

    def _offers(self) -> tuple[Offer, ...]:
        return self._state().offers

    def _refresh(self) -> float:
        try:
            self._watch.heard(self._store.refresh())
        except (ServiceUnreachable, ServiceProblem) as error:
            _log.info("no news for the time without a network", why=type(error).__name__)
            return _RETRY
        except SuppliesRefused as error:
            _log.error("what the service sent is not signed as it should be", why=str(error))
            return _RETRY
        return _FRESH

    def _look(self) -> float:
        self.desk.look()
        return _LOOK

    def _bring(self) -> float | None:
        if self._bringer is None:
            return None
        try:
            return _FRESH if self._bringer.bring() else _RETRY
        except (ServiceUnreachable, ServiceProblem) as error:
            _log.info("the journal is not brought back yet", why=type(error).__name__)
            return _RETRY
