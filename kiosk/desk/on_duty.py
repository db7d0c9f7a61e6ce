"""Whoever is on duty at a desk, with what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardsvc.client import ServiceClient
from cardsvc.wire.officers import Standing
from cardsvc.wire.scopes import Scope
from kiosk.desk.pins_in_hand import PinsInHand


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An officer at the desk."""

    service: ServiceClient
    """In their name."""
    standing: Standing
    pins: PinsInHand = field(default_factory=PinsInHand)
    """Of cards that they wrote or unblocked."""

    def may(self, *scopes: Scope) -> bool:
        """Whether they hold all of these."""
        return set(scopes) <= set(self.standing.scopes)
