"""Public security: renewal of identity documents, certificates of no criminal record, changes of residence.

All of it takes the citizen's signature. Until the contract has that level the department offers nothing, and the city
does not open it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.certificate import seed_convictions
from kiosk.departments.public_security.models import Base
from kiosk.departments.public_security.moves import seed_residences
from kiosk.departments.public_security.renewals import seed_documents


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_documents(session)
    seed_convictions(session)
    seed_residences(session)


department = Department(
    code="public-security",
    titles=texts("Public Security", "公安", "Segurança Pública"),
    receipt_prefix="PS",
    services=(),
    metadata=Base.metadata,
    seed=seed,
)
