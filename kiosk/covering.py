"""Offer only what the departments' approved policies cover: nobody consents to what is refused afterwards."""

from __future__ import annotations

from typing import Protocol

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.policies import Coverage
from kiosk.offers import Offer

_log = structlog.get_logger()


class CoverageSource(Protocol):
    """Where it is known (`cardsvc.client.ServiceClient`)."""

    def coverage(self) -> Coverage:
        """Which services policies cover. Raises ServiceProblem, ServiceUnreachable."""


class Covering:
    """What the service said last. While it never answered, nothing is left out: it is the service that refuses."""

    def __init__(self, source: CoverageSource) -> None:
        self._source = source
        self._known: Coverage | None = None
        self._left_out: frozenset[tuple[str, str]] = frozenset()

    def refresh(self) -> None:
        """Ask again; what was known stays when there is no answer."""
        try:
            self._known = self._source.coverage()
        except (ServiceProblem, ServiceUnreachable) as error:
            _log.warning("policies not heard", reason=type(error).__name__)

    def covered(self, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
        """Those that are; the log says once which are not."""
        left_out = frozenset(offer.key for offer in offers if not self._covers(offer))
        for department, service in sorted(left_out - self._left_out):
            _log.warning("not offered", department=department, service=service, reason="its policy does not cover it")
        self._left_out = left_out
        return tuple(offer for offer in offers if offer.key not in left_out)

    def _covers(self, offer: Offer) -> bool:
        if self._known is None:
            return True
        department = self._known.departments.get(offer.department)
        wanted = [offer.service, *([offer.second.service] if offer.second else [])]
        return department is not None and all(department.cover(service) for service in wanted)
