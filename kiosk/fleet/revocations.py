"""Which cards are to be turned away, as far as the service has told: read on from the last, and acknowledged.

It is in memory: after a start everything is read again, and before that nothing is known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from cardsvc.client import ServiceProblem
from cardsvc.client.clock import Clock
from cardsvc.wire.reach import Acknowledgement, Revocation, RevocationKind

FORGOTTEN: Final = "revocation-unknown"
"""The service does not keep the one that we know last any more, or was restored from before it."""


class RevocationService(Protocol):
    """The part of `cardsvc.client.ServiceClient` that is needed. Both raise ServiceProblem and ServiceUnreachable."""

    def revocations(self, after: UUID | None = None) -> Iterable[Revocation]:
        """All after one, as far as there are any now."""

    def acknowledge(self, up_to: UUID) -> Acknowledgement:
        """Say that everything up to there is taken note of."""


class Revocations:
    """What is known. Reading is for one thread; asking for any."""

    def __init__(self, service: RevocationService, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._turned_away: set[UUID] = set()
        self._last: UUID | None = None
        self._read_at: datetime | None = None

    @property
    def read_at(self) -> datetime | None:
        """When every revocation there was, was known; None for never."""
        return self._read_at

    def turns_away(self, card_uuid: UUID) -> bool:
        """Whether this card is held, revoked or over."""
        with self._lock:
            return card_uuid in self._turned_away

    def hear(self, newest: UUID | None) -> None:
        """The service named the newest there is: read as far as that. Raises ServiceProblem, ServiceUnreachable."""
        began = self._clock()
        if newest not in (None, self._last):
            self._read_on()
        self._read_at = began

    def _read_on(self) -> None:
        try:
            found = list(self._service.revocations(self._last))
        except ServiceProblem as error:
            if error.problem.code != FORGOTTEN or self._last is None:
                raise
            self._last = None
            found = list(self._service.revocations())
        if found:
            self._take(found)
            self._service.acknowledge(found[-1].id)
            self._last = found[-1].id

    def _take(self, found: Iterable[Revocation]) -> None:
        with self._lock:
            for one in found:
                if one.kind is RevocationKind.RESTORED:
                    self._turned_away.discard(one.card_uuid)
                else:
                    self._turned_away.add(one.card_uuid)
