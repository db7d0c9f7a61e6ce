"""Environment: points for what was recycled, reports of what is wrong."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import my_cases
from kiosk.departments.contract.texts import texts
from kiosk.departments.environment.models import Base
from kiosk.departments.environment.recycling import RECYCLING_POINTS, seed
from kiosk.departments.environment.reports import PROBLEM_REPORT

department = Department(
    code="environment",
    titles=texts("Environment", "生态环境", "Ambiente"),
    receipt_prefix="EN",
    services=(RECYCLING_POINTS, PROBLEM_REPORT, my_cases([PROBLEM_REPORT])),
    metadata=Base.metadata,
    seed=seed,
)
