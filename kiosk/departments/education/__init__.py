"""Education: borrow one item of the library, bring it back; a proof of enrolment."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.catalogue import seed_items
from kiosk.departments.education.enrolment import ENROLMENT_PROOF, seed_enrolments
from kiosk.departments.education.library import LOAN, RETURN
from kiosk.departments.education.models import Base


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_items(session)
    seed_enrolments(session)


department = Department(
    code="education",
    titles=texts("Education", "教育", "Educação"),
    receipt_prefix="ED",
    services=(LOAN, RETURN, ENROLMENT_PROOF),
    metadata=Base.metadata,
    seed=seed,
)
