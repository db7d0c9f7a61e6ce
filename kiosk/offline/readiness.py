"""Which services may be taken without a network now, for how much longer, and who is warned before it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.offline.supplies import Supplies

WARNED_AT: Final = 0.25
"""Of the longest age: with no more than that left, somebody is warned."""

ServiceKey = tuple[str, str]
"""Department and service."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How a kiosk stands."""

    seconds_left: Mapping[ServiceKey, int]
    """Of each service that a policy allows; 0: not any more."""
    soon: frozenset[ServiceKey] = frozenset()
    """Of which so little is left that somebody should know."""
    closed: str | None = None
    """Why nothing is taken, whatever the ages."""

    @property
    def allowed(self) -> frozenset[ServiceKey]:
        """What may be taken now."""
        if self.closed is not None:
            return frozenset()
        return frozenset(key for key, left in self.seconds_left.items() if left > 0)

    def as_metrics(self, waiting: int) -> str:
        """For Prometheus: text format 0.0.4."""
        lines = [
            "# HELP kiosk_offline_seconds_left For how long the service may be taken without a network.",
            "# TYPE kiosk_offline_seconds_left gauge",
            *(
                f'kiosk_offline_seconds_left{{department="{department}",service="{service}"}} {left}'
                for (department, service), left in sorted(self.seconds_left.items())
            ),
            "# HELP kiosk_offline_closed Whether nothing is taken without a network, whatever the ages.",
            "# TYPE kiosk_offline_closed gauge",
            f"kiosk_offline_closed {int(self.closed is not None)}",
            "# HELP kiosk_journal_waiting Entries of the journal that were not passed on yet.",
            "# TYPE kiosk_journal_waiting gauge",
            f"kiosk_journal_waiting {waiting}",
        ]
        return "\n".join(lines) + "\n"


def measure(supplies: Supplies, now: int, offered: Iterable[ServiceKey], closed: str | None) -> Readiness:
    """How it stands at ``now`` (seconds since 1970) with what this kiosk offers."""
    left: dict[ServiceKey, int] = {}
    soon: set[ServiceKey] = set()
    for department, service in offered:
        terms = supplies.package.terms(department, service)
        if terms is not None:
            seconds = min(supplies.as_of + terms.max_age_seconds, supplies.package.exp) - now
            left[department, service] = max(0, seconds)
            if seconds <= terms.max_age_seconds * WARNED_AT:
                soon.add((department, service))
    return Readiness(left, frozenset(soon), closed)
