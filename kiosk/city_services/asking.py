"""What the city's own services ask of the card service."""

from __future__ import annotations

from typing import Protocol

from cardsvc.wire.history import AccessHistory
from cardsvc.wire.levels import Level
from cardsvc.wire.locks import CardLock
from cardsvc.wire.own_cards import OwnCard, OwnLoss


class CitizenSide(Protocol):
    """The part of `cardsvc.client.ServiceClient` that is for the citizen who stands here.

    All raise ServiceProblem and ServiceUnreachable.
    """

    def own_access_history(self, visit_token: str, cursor: str | None = None) -> AccessHistory:
        """Who looked at their data, the newest first."""

    def own_locks(self, visit_token: str) -> list[CardLock]:
        """What their card is locked for."""

    def lock_card(
        self, visit_token: str, *, department: str | None = None, level: Level | None = None
    ) -> list[CardLock]:
        """Lock it for a department, or for a level; what it is locked for then."""

    def unlock_card(
        self, visit_token: str, *, department: str | None = None, level: Level | None = None
    ) -> list[CardLock]:
        """Unlock it for a department, or for a level; what it is locked for then."""

    def own_cards(self, visit_token: str) -> list[OwnCard]:
        """Their cards, and until when they are good."""

    def report_other_card(self, visit_token: str) -> OwnLoss:
        """Report their other card lost."""
