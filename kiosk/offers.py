"""The services of departments as this kiosk can show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

import structlog

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Manifest, ServiceDescription
from kiosk.forms import Form, Undrawable

_log = structlog.get_logger()


class Telling(Enum):
    """What a service of a department tells that kiosks ask of all departments at once."""

    NEWS = auto()
    MATTERS = auto()


@dataclass(frozen=True, slots=True)
class Offer:
    """One service of one department, ready to be shown."""

    department: str
    department_titles: dict[Language, str]
    base_url: str
    service: ServiceDescription
    form: Form
    second: Offer | None = None
    """What somebody else goes on with, with a card of their own."""
    photograph: bool = False
    """Whether they are to see the photograph on the first one's card."""
    own: bool = False
    """Whether it is the city's own: the card service does it, no department learns of it."""
    telling: Telling | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Department code and service code."""
        return (self.department, self.service.code)

    @property
    def is_signed(self) -> bool:
        """Whether the citizen signs a document for it."""
        return self.service.level is Level.SIGN

    @property
    def visit_level(self) -> Level:
        """What a visit must have reached. A signature is not the visit's: it is made anew each time."""
        return min(self.service.level, Level.PIN)


def offers_of(manifest: Manifest, base_url: str, *, own: bool = False) -> tuple[Offer, ...]:
    """The services of a manifest that this kiosk can offer; the log says which it cannot, and why.

    ``own`` are the city's, with no address.
    """
    described: list[tuple[ServiceDescription, ServiceDescription | None, bool]] = [
        *((service, None, False) for service in manifest.services),
        *((two.first, two.second, two.photograph) for two in manifest.in_turn),
    ]
    offers = []
    tells = {manifest.news: Telling.NEWS, manifest.matters: Telling.MATTERS}
    for service, second, photograph in described:
        try:
            after = _offer(manifest, base_url, second) if second else None
            offer = _offer(manifest, base_url, service)
            telling = tells.get(service.code)
            offers.append(replace(offer, second=after, photograph=photograph, own=own, telling=telling))
        except Undrawable as error:
            _log.warning("not offered", department=manifest.department, service=service.code, reason=str(error))
    return tuple(offers)


def _offer(manifest: Manifest, base_url: str, service: ServiceDescription) -> Offer:
    return Offer(manifest.department, manifest.titles, base_url, service, Form.from_schema(service.input))
