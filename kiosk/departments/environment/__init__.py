"""Environment: points for what was recycled, reports of what is wrong, objections to permits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.environment.models import Base
from kiosk.departments.environment.permits import PERMIT_OBJECTION, seed_permits
from kiosk.departments.environment.recycling import RECYCLING_POINTS, seed_slips
from kiosk.departments.environment.reports import PROBLEM_REPORT


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_slips(session)
    seed_permits(session)


department = Department(
    code="environment",
    titles=texts("Environment", "生态环境", "Ambiente"),
    receipt_prefix="EN",
    services=(
        RECYCLING_POINTS,
        PROBLEM_REPORT,
        PERMIT_OBJECTION,
        *Matters((cases([PROBLEM_REPORT, PERMIT_OBJECTION]),)).services,
    ),
    metadata=Base.metadata,
    seed=seed,
)
