"""Challenges kept in stock, so that a tap need not wait for one."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from cardsvc.client.clock import Clock
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.levels import Level
from kiosk.card_service import GivesChallenges

STOCK: Final = 4
MARGIN: Final = timedelta(seconds=30)
"""A challenge that expires sooner is not used any more: the card, the network and the service need their time."""


class ChallengeStock:
    """Unused challenges of one level. Fetching and taking may happen in different threads."""

    def __init__(self, service: GivesChallenges, level: Level, clock: Clock, size: int = STOCK) -> None:
        self._service = service
        self._level = level
        self._clock = clock
        self._size = size
        self._lock = threading.Lock()
        self._stock: deque[Challenge] = deque()

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._stock)

    def take(self) -> Challenge:
        """The oldest that is still good; a fresh one when there is none. Raises ServiceProblem, ServiceUnreachable."""
        with self._lock:
            self._drop_old()
            if self._stock:
                return self._stock.popleft()
        return self._service.challenges(self._level, 1)[0]

    def fill(self) -> float:
        """Fetch what is missing; gives the seconds until the first one grows old. Raises as `take` does."""
        missing = self._size - len(self)
        fresh = self._service.challenges(self._level, missing) if missing > 0 else []
        with self._lock:
            self._stock.extend(fresh)
            oldest = min((challenge.expires_at for challenge in self._stock), default=self._now())
        return max(1.0, (oldest - MARGIN - self._now()).total_seconds())

    def _drop_old(self) -> None:
        limit = self._now() + MARGIN
        self._stock = deque(challenge for challenge in self._stock if challenge.expires_at > limit)

    def _now(self) -> datetime:
        return self._clock()
