"""The services of departments as this kiosk can show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Manifest, ServiceDescription
from kiosk.forms import Form, Undrawable

_LEVELS: Final = frozenset({Level.TAP, Level.PIN})
"""What this kiosk can reach."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offer:
    """One service of one department, ready to be shown."""

    department: str
    department_titles: dict[Language, str]
    base_url: str
    service: ServiceDescription
    form: Form

    @property
    def key(self) -> tuple[str, str]:
        """Department code and service code."""
        return (self.department, self.service.code)


def offers_of(manifest: Manifest, base_url: str) -> tuple[Offer, ...]:
    """The services of a manifest that this kiosk can offer; the log says which it cannot, and why."""
    offers = []
    for service in manifest.services:
        try:
            offers.append(Offer(manifest.department, manifest.titles, base_url, service, _form(service)))
        except Undrawable as error:
            _log.warning("not offered", department=manifest.department, service=service.code, reason=str(error))
    return tuple(offers)


def _form(service: ServiceDescription) -> Form:
    if service.level not in _LEVELS:
        raise Undrawable(f"level {service.level} is beyond this kiosk")
    return Form.from_schema(service.input)
