"""Revocations as a kiosk hears of them, and how far they have got."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from cardsvc.client.calls import Calls, query_of
from cardsvc.client.transport import Repeat
from cardsvc.wire import reach as wire


class ReachCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def revocation_page(self, after: UUID | None = None, limit: int = 100) -> wire.RevocationPage:
        """What came after a revocation; from the oldest that is kept, unless one is named. For kiosks."""
        return self._get("/v1/revocations" + query_of({"limit": limit, "after": after}), wire.RevocationPage)

    def revocations(self, after: UUID | None = None) -> Iterator[wire.Revocation]:
        """All revocations after one, as far as there are any now. Keep the id of the last; ask on from it later."""
        for page in self._read_on("/v1/revocations", wire.RevocationPage, after, limit=wire.MOST_REVOCATIONS):
            yield from page.revocations

    def acknowledge(self, up_to: UUID) -> wire.Acknowledgement:
        """Say that everything up to a revocation (kiosks) or an event (departments) is taken note of."""
        request = wire.AcknowledgementRequest(up_to=up_to)
        return self._post("/v1/revocations/acknowledgements", request, wire.Acknowledgement, Repeat.FREELY)

    def revocation_reach(self, days: int = 30) -> wire.RevocationReach:
        """How far the revocations of so many days have got. For auditors and administrators."""
        return self._get(f"/v1/revocation-reach?days={days}", wire.RevocationReach)
