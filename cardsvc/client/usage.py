"""How much a department used the service."""

from __future__ import annotations

from datetime import date

from cardsvc.client.calls import Calls
from cardsvc.wire.usage import UsageReport


class UsageCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def usage(self, first: date, last: date, department: str | None = None) -> UsageReport:
        """From the first day to the last one (UTC), 92 days at most: one's own, or as an administrator all or one."""
        one = "" if department is None else f"&department={department}"
        return self._get(f"/v1/usage?from={first}&to={last}{one}", UsageReport)
