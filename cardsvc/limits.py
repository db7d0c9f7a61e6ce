"""How often one caller may ask: for each caller and kind of traffic a bucket of turns that fills steadily.

Buckets are in the memory of a process, so a request costs no question to the database; where several processes answer,
a caller has the quota of each of them. A stranger, who has not proved who they are, is told apart by address.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from cardsvc.errors import ServiceError

Seconds = Callable[[], float]
"""A clock that only ever goes forward, such as `time.monotonic`."""


class Traffic(StrEnum):
    """Kinds of requests that are counted together."""

    AUTHENTICATION = "authentication"
    """What happens while a citizen waits: challenges, proofs, visits, assertions verified."""
    TOKEN = "token"
    """Access tokens, and visits exchanged for assertions."""
    READ = "read"
    WRITE = "write"
    BULK = "bulk"
    """Questions about many people at once."""
    STRANGER = "stranger"
    """Whoever does not prove who they are to the token endpoint."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many turns at once, and as many again in so many seconds."""

    quota: int
    seconds: int

    @property
    def interval(self) -> float:
        """Seconds in which one turn comes back."""
        return self.seconds / self.quota


Limits = Mapping[Traffic, Limit | None]

LIMITS: Final[Limits] = {
    Traffic.AUTHENTICATION: Limit(600, 60),
    Traffic.TOKEN: Limit(300, 60),
    Traffic.READ: Limit(600, 60),
    Traffic.WRITE: Limit(300, 60),
    Traffic.BULK: Limit(60, 60),
    Traffic.STRANGER: Limit(60, 60),
}
"""Unless `Settings.rate_limits` says otherwise."""

_WITHOUT: Final = "none"


def parse_limits(text: str) -> Limits:
    """`LIMITS`, changed by what a text says: ``read=100/10 bulk=none``, or ``none``. Raises ValueError."""
    if text.strip() == _WITHOUT:
        return dict.fromkeys(LIMITS)
    return {**LIMITS, **dict(_parse(word) for word in text.split())}


def _parse(word: str) -> tuple[Traffic, Limit | None]:
    name, _, value = word.partition("=")
    if name not in set(Traffic):
        raise ValueError(f"{name} is no kind of traffic; there are {', '.join(Traffic)}")
    if value == _WITHOUT:
        return Traffic(name), None
    quota, _, seconds = value.partition("/")
    if not (quota.isdecimal() and seconds.isdecimal() and int(quota) and int(seconds)):
        raise ValueError(f"write a limit as {name}=turns/seconds, for example {name}=100/60")
    return Traffic(name), Limit(int(quota), int(seconds))


class TooManyRequests(ServiceError):
    """Raised when a caller has no turn left. Carries how many seconds to wait for one."""

    code = "too-many-requests"
    title = "Too many requests"
    leaves_record = False  # whoever asks too often must not fill the audit log by it

    def __init__(self, standing: Standing) -> None:
        more = {"violated-policies": [standing.traffic.value]}
        super().__init__("Wait, and send the same request again.", retry_after=standing.wait, **more)
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands after a request."""

    traffic: Traffic
    limit: Limit
    left: int
    full_in: int
    """Seconds until all turns are back."""
    wait: int = 0
    """Seconds until there is a turn again; 0 when this request had one."""


class Buckets:
    """Every caller's buckets. Safe to share between threads.

    Of a bucket only the moment is kept at which it will be full again (the "virtual scheduling" form of the leaky
    bucket, ITU-T I.371 annex A): an empty one is forgotten by itself once that moment is past.
    """

    MOST: Final = 20_000
    """So many are remembered; a flood from ever new addresses must not fill the memory."""

    def __init__(self, limits: Limits, now: Seconds) -> None:
        self._limits = limits
        self._now = now
        self._full_at: dict[tuple[str, Traffic], float] = {}
        self._lock = Lock()

    def take(self, who: str, traffic: Traffic) -> Standing | None:
        """Take a turn; None where nothing is limited. Raises TooManyRequests."""
        limit = self._limits[traffic]
        if limit is None:
            return None
        with self._lock:
            now = self._now()
            late = max(self._full_at.get((who, traffic), now) - now, 0.0) + limit.interval
            if late <= limit.seconds + _ROUNDING:
                self._full_at[who, traffic] = now + late
                self._tidy(now)
                return _standing(traffic, limit, late)
        standing = _standing(traffic, limit, late - limit.interval, late - limit.seconds)
        raise TooManyRequests(standing)

    def give_back(self, who: str, traffic: Traffic) -> None:
        """The turn was not needed after all."""
        limit = self._limits[traffic]
        with self._lock:
            if limit is not None and (who, traffic) in self._full_at:
                self._full_at[who, traffic] -= limit.interval

    def _tidy(self, now: float) -> None:
        if len(self._full_at) <= self.MOST:
            return
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        for key in list(self._full_at)[: len(self._full_at) - self.MOST // 2]:
            del self._full_at[key]  # the oldest first


_ROUNDING: Final = 1e-6
"""Sums of intervals are not exact."""


def _standing(traffic: Traffic, limit: Limit, late: float, wait: float = 0.0) -> Standing:
    left = math.floor((limit.seconds - late) / limit.interval + _ROUNDING)
    return Standing(traffic, limit, max(left, 0), math.ceil(late - _ROUNDING), math.ceil(wait))
