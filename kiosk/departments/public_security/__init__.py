"""Public security: renewal of identity documents, certificates of no criminal record, changes of residence."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.certificate import seed_convictions
from kiosk.departments.public_security.models import Base
from kiosk.departments.public_security.moves import seed_residences
from kiosk.departments.public_security.renewals import seed_documents
from kiosk.departments.public_security.services import CHANGE_OF_RESIDENCE, ID_RENEWAL, NO_RECORD_CERTIFICATE


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_documents(session)
    seed_convictions(session)
    seed_residences(session)


department = Department(
    code="public-security",
    titles=texts("Public Security", "公安", "Segurança Pública"),
    receipt_prefix="PS",
    services=(
        ID_RENEWAL,
        NO_RECORD_CERTIFICATE,
        CHANGE_OF_RESIDENCE,
        *Matters((cases([ID_RENEWAL, CHANGE_OF_RESIDENCE]),)).services,
    ),
    metadata=Base.metadata,
    seed=seed,
)
