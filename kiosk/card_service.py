"""What the kiosk asks of the card service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cardsvc.wire.authentication import AuthenticationResult, CardProof, Challenge
from cardsvc.wire.levels import Level


class CardService(Protocol):
    """The part of `cardsvc.client.ServiceClient` that a kiosk uses. All raise ServiceProblem and ServiceUnreachable."""

    def challenges(self, level: Level, count: int = 1) -> list[Challenge]:
        """Fresh challenges."""

    def authenticate(self, proof: CardProof) -> AuthenticationResult:
        """Open a visit for the card that made the proof."""

    def exchange(
        self, visit_token: str, department: str, service: str, attributes: Sequence[str], questions: Sequence[str]
    ) -> str:
        """An assertion for one department and one of its services, with what the citizen agreed to."""

    def end_visit(self, visit_token: str) -> None:
        """The citizen has left."""
