"""Locks, as kiosks and desks see them."""

from __future__ import annotations

from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.client.transport import Repeat
from cardsvc.wire import locks as wire
from cardsvc.wire.levels import Level
from cardsvc.wire.people import Occasion, Purpose


class LockCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable. A lock is for a department or for a level."""

    def own_locks(self, visit_token: str) -> list[wire.CardLock]:
        """What the card of the citizen who stands here is locked for."""
        return self._post(
            "/v1/locks/list", wire.LocksRequest(visit_token=visit_token), wire.CardLocks, Repeat.NEVER
        ).locks

    def lock_card(
        self, visit_token: str, *, department: str | None = None, level: Level | None = None
    ) -> list[wire.CardLock]:
        """Lock the card of the citizen who stands here; what it is locked for then."""
        request = wire.LockRequest(visit_token=visit_token, department=department, level=level)
        return self._post("/v1/locks/set", request, wire.CardLocks).locks

    def unlock_card(
        self, visit_token: str, *, department: str | None = None, level: Level | None = None
    ) -> list[wire.CardLock]:
        """Unlock the card of the citizen who stands here; what it is locked for then."""
        request = wire.LockRequest(visit_token=visit_token, department=department, level=level)
        return self._post("/v1/locks/lift", request, wire.CardLocks).locks

    def open_locks(self, citizen_id: UUID, purpose: Purpose, reference: str | None = None) -> list[wire.CardLock]:
        """What a person's card is locked for. Goes on record."""
        request = Occasion(purpose=purpose, reference=reference)
        return self._post(f"/v1/people/{citizen_id}/locks/open", request, wire.CardLocks, Repeat.NEVER).locks

    def lift_lock(self, citizen_id: UUID, request: wire.LockLiftRequest) -> list[wire.CardLock]:
        """Unlock the card of a citizen who has shown who they are; what it is locked for then."""
        return self._post(f"/v1/people/{citizen_id}/locks/lift", request, wire.CardLocks).locks
