"""How much departments used the service, counted in the audit log.

A department's use is what it did itself, and the assertions that were made for it at kiosks. The log is read a day at
a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, Subquery, and_, case, func, or_, select

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK, REFUSED
from cardsvc.authentication.assertions import EVENT as ASSERTION
from cardsvc.authentication.own_readers import EVENT as OWN_READER
from cardsvc.db import table_of
from cardsvc.departments.asking import EVENT as QUESTION
from cardsvc.departments.errors import RangeRefused
from cardsvc.departments.inquiries import UNKNOWN
from cardsvc.departments.standing import EVENT as STANDING
from cardsvc.wire import usage as wire
from cardsvc.wire.manifest import department_audience

_records: Final = table_of(AuditRecord)
_detail: Final = _records.c.detail
_INQUIRIES: Final = (STANDING, QUESTION)
"""One record of these tells how many of those who were asked about are not known."""
_VISITS: Final = (ASSERTION, OWN_READER)
"""Somebody came for a service."""
_DAY: Final = timedelta(days=1)


@dataclass
class _Tally:
    """What one department comes to."""

    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    versions: Counter[int] = field(default_factory=Counter)

    def describe(self, department: str, people: int, people_of_day: Mapping[date, int]) -> wire.DepartmentUsage:
        """As it is told."""
        return wire.DepartmentUsage(
            department=department,
            count=self.kinds.total(),
            people=people,
            kinds=[
                wire.KindOfUse(kind=kind, outcome=outcome, count=count)
                for (kind, outcome), count in sorted(self.kinds.items())
            ],
            days=[wire.DayOfUse(day=day, count=self.days[day], people=those) for day, those in people_of_day.items()],
            services=[wire.ServiceOfUse(service=name, count=count) for name, count in sorted(self.services.items())],
            policy_versions=[
                wire.VersionOfUse(policy_version=version, count=count)
                for version, count in sorted(self.versions.items())
            ],
        )


def usage_of(connection: Connection, departments: Collection[str], first: date, last: date) -> wire.UsageReport:
    """The report on these departments, by code. Raises RangeRefused."""
    if not first <= last < first + wire.MOST_DAYS * _DAY:
        raise RangeRefused(wire.MOST_DAYS)
    if not departments:
        return wire.UsageReport(first=first, last=last, departments=[])
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    people: dict[date, Mapping[str, int]] = {}
    for day in days:
        uses = _uses(departments, day, day)
        _count(connection, uses, day, tallies)
        people[day] = _people(connection, uses)
    everybody = _people(connection, _uses(departments, first, last))
    told = [
        tallies[code].describe(code, everybody.get(code, 0), {day: people[day].get(code, 0) for day in days})
        for code in sorted(departments)
    ]
    return wire.UsageReport(first=first, last=last, departments=told)


def _uses(departments: Collection[str], first: date, last: date) -> Subquery:
    """One row for each record of these days that is about the use of one of the departments."""
    codes = {department_audience(code): code for code in departments}
    audience, told = _detail["audience"].as_string(), _records.c.event == ASSERTION
    came = and_(_records.c.outcome == OK, _records.c.event.in_(_VISITS))
    unknown = and_(_records.c.event.in_(_INQUIRIES), _records.c.outcome == UNKNOWN)
    return (
        select(
            case((told, case(codes, value=audience)), else_=_records.c.actor).label("department"),
            case((_records.c.event == REFUSED, _detail["operation"].as_string()), else_=_records.c.event).label("kind"),
            _records.c.outcome,
            _records.c.citizen_id,
            case((came, _detail["service"].as_string())).label("service"),
            _detail["policy_version"].as_integer().label("version"),
            case((unknown, _detail["count"].as_integer()), else_=1).label("count"),
        )
        .where(
            _records.c.at >= _midnight(first),
            _records.c.at < _midnight(last + _DAY),
            or_(_records.c.actor.in_(departments), and_(told, audience.in_(codes))),
        )
        .subquery()
    )


def _count(connection: Connection, uses: Subquery, day: date, tallies: Mapping[str, _Tally]) -> None:
    groups = (uses.c.department, uses.c.kind, uses.c.outcome, uses.c.service, uses.c.version)
    statement = select(*groups, func.sum(uses.c.count)).group_by(*groups)
    for department, kind, outcome, service, version, count in connection.execute(statement):
        tally = tallies[department]
        tally.kinds[kind, outcome] += count
        tally.days[day] += count
        if service is not None:
            tally.services[service] += count
        if version is not None:
            tally.versions[version] += count


def _people(connection: Connection, uses: Subquery) -> dict[str, int]:
    statement = select(uses.c.department, func.count(uses.c.citizen_id.distinct())).group_by(uses.c.department)
    return dict(connection.execute(statement).all())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
