"""What officers may do at a desk: the card service's scopes that matter there, and whoever is on duty with theirs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cardsvc.client import ServiceClient
from cardsvc.wire.officers import Standing


class Permit(StrEnum):
    """A scope of the card service. What is hidden for want of one is refused there as well."""

    APPLICATIONS_WRITE = "applications:write"
    APPLICATIONS_APPROVE = "applications:approve"
    CARDS_PERSONALISE = "cards:personalise"
    CARDS_DELIVER = "cards:deliver"
    CARDS_ACTIVATE = "cards:activate"
    CARDS_HOLD = "cards:hold"
    CARDS_REVOKE = "cards:revoke"
    CARDS_READ = "cards:read"
    STOCK_WRITE = "stock:write"
    APPROVALS_REQUEST = "approvals:request"
    APPROVALS_DECIDE = "approvals:decide"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An officer at the desk."""

    service: ServiceClient
    """In their name."""
    standing: Standing

    def may(self, *permits: Permit) -> bool:
        """Whether they hold all of these."""
        return set(permits) <= set(self.standing.scopes)
