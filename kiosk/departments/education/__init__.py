"""Education: borrow one item of the library, bring it back; a proof of enrolment; places at schools."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.catalogue import seed_items
from kiosk.departments.education.enrolment import ENROLMENT_PROOF, seed_enrolments
from kiosk.departments.education.library import LOAN, RETURN
from kiosk.departments.education.models import Base
from kiosk.departments.education.school_place import SCHOOL_PLACE
from kiosk.departments.education.schools import seed_schools


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_items(session)
    seed_enrolments(session)
    seed_schools(session)


department = Department(
    code="education",
    titles=texts("Education", "教育", "Educação"),
    receipt_prefix="ED",
    services=(LOAN, RETURN, ENROLMENT_PROOF, SCHOOL_PLACE, *Matters((cases([SCHOOL_PLACE]),)).services),
    metadata=Base.metadata,
    seed=seed,
)
