"""How much a department used the service. Counts alone: nobody can be found in them."""

from __future__ import annotations

from datetime import date

from cardsvc.wire.base import Code, Message

MOST_DAYS = 92
"""In one report."""


class KindOfUse(Message):
    """One kind of request, with one outcome."""

    kind: str
    """As the audit log calls it, for example ``assertion.issue``; of what was refused, the operation of the API."""
    outcome: str
    """``ok``, or the code of the refusal."""
    count: int
    """To ask about a thousand people at once counts a thousand."""


class DayOfUse(Message):
    """One day (UTC)."""

    day: date
    count: int
    people: int


class ServiceOfUse(Message):
    """One of the department's services: how often somebody came for it."""

    service: str
    count: int


class VersionOfUse(Message):
    """One version of the department's policy: how many answers were given under it."""

    policy_version: int
    count: int


class DepartmentUsage(Message):
    """What one department asked and was told."""

    department: Code
    count: int
    people: int
    """How many different people it was about, as far as the service knows them."""
    kinds: list[KindOfUse]
    days: list[DayOfUse]
    """Every day of the report."""
    services: list[ServiceOfUse]
    policy_versions: list[VersionOfUse]


class UsageReport(Message):
    """From the first day to the last one, both included."""

    first: date
    last: date
    departments: list[DepartmentUsage]
    """By code. A department sees itself alone."""
