"""The queue: applications that are open, oldest first, and who sees to each."""

from __future__ import annotations

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import ApplicationSummary


def waiting(officer: ServiceClient) -> list[ApplicationSummary]:
    """What is open. Raises ServiceProblem, ServiceUnreachable."""
    return list(officer.applications())
