"""What the policies in force cover: so that kiosks offer nothing that is refused afterwards."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.departments.models import Department
from cardsvc.departments.repository import rules_in_force
from cardsvc.wire.policies import Coverage, CoveredService, CoveredServices


def coverage(session: Session) -> Coverage:
    """Of every department that takes part. Raises PolicyInvalid when a row was tampered with."""
    departments = session.scalars(select(Department).order_by(Department.code))
    return Coverage(
        departments={
            department.code: _covered(session, department)
            for department in departments
            if department.caller.disabled_at is None
        }
    )


def _covered(session: Session, department: Department) -> CoveredServices:
    rules = rules_in_force(session, department).rules
    return CoveredServices(
        services={
            code: CoveredService(level=rule.level, attributes=sorted(rule.attributes))
            for code, rule in rules.services.items()
        },
        questions={code: rule.level for code, rule in rules.questions.items()},
    )
