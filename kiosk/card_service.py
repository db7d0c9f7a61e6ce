"""What the kiosk asks of the card service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cardsvc.wire.authentication import AuthenticationResult, CardProof, Challenge
from cardsvc.wire.levels import Level
from cardsvc.wire.signing import DocumentSignature, SignatureChallenge


class GivesChallenges(Protocol):
    """Raises ServiceProblem and ServiceUnreachable, as all below."""

    def challenges(self, level: Level, count: int = 1) -> list[Challenge]:
        """Fresh challenges."""


class Authenticates(Protocol):
    """Where a card proves itself."""

    def authenticate(self, proof: CardProof) -> AuthenticationResult:
        """Open a visit for the card that made the proof."""


class CardService(GivesChallenges, Authenticates, Protocol):
    """The part of `cardsvc.client.ServiceClient` that a kiosk uses in a visit."""

    def exchange(
        self, visit_token: str, department: str, service: str, attributes: Sequence[str], questions: Sequence[str]
    ) -> str:
        """An assertion for one department and one of its services, with what the citizen agreed to."""

    def exchange_to_prepare(
        self, visit_token: str, department: str, service: str, attributes: Sequence[str], questions: Sequence[str]
    ) -> str:
        """As `exchange`, for a department to prepare a document, and no more."""

    def request_signature(
        self, visit_token: str, department: str, service: str, *, document: bytes, prepared: str
    ) -> SignatureChallenge:
        """What the card is to sign."""

    def submit_signature(self, challenge: SignatureChallenge, signature: bytes) -> DocumentSignature:
        """What the card signed; once."""

    def keep_visit(self, visit_token: str) -> None:
        """The citizen is still there."""

    def end_visit(self, visit_token: str) -> None:
        """The citizen has left."""
