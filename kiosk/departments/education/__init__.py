"""Education: borrow one item of the library, bring it back."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.catalogue import seed
from kiosk.departments.education.library import LOAN, RETURN
from kiosk.departments.education.models import Base

department = Department(
    code="education",
    titles=texts("Education", "教育", "Educação"),
    receipt_prefix="ED",
    services=(LOAN, RETURN),
    metadata=Base.metadata,
    seed=seed,
)
