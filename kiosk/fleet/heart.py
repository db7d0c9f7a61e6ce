"""Tells the service how this kiosk is, every few seconds, and hears what there is to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.fleet import FleetPlan, Heartbeat, Pulse

_log = structlog.get_logger()
_UNANSWERED: Final = 5.0
"""Seconds until it is tried again."""


class FleetService(Protocol):
    """The part of `cardsvc.client.ServiceClient` that a kiosk uses as a machine."""

    def report(self, heartbeat: Heartbeat) -> Pulse:
        """Say how it is. Raises ServiceProblem, ServiceUnreachable."""

    def fleet_plan(self) -> FleetPlan:
        """What it offers and how it behaves. Raises likewise."""


class Heart:
    """Reports, and passes on what it hears. For one thread."""

    def __init__(self, service: FleetService, look: Callable[[], Heartbeat], told: Callable[[Pulse], None]) -> None:
        """``look`` says how the kiosk is, ``told`` takes each answer and may ask on."""
        self._service = service
        self._look = look
        self._told = told
        self._answered = True

    def beat(self) -> float:
        """Report once; gives the seconds until the next time."""
        try:
            pulse = self._service.report(self._look())
            self._told(pulse)
        except (ServiceUnreachable, ServiceProblem) as error:
            if self._answered:
                _log.warning("nobody hears the heartbeat", why=str(error))
            self._answered = False
            return _UNANSWERED
        self._answered = True
        return float(pulse.interval_seconds)
