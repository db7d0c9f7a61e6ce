"""Community: appointments with the home-care service, entry for seniors, mandates for carers."""

from __future__ import annotations

from kiosk.departments.community.appointments import APPOINTMENTS
from kiosk.departments.community.care import HOME_CARE, seed
from kiosk.departments.community.entry import SENIOR_ENTRY
from kiosk.departments.community.mandate import CARER_MANDATE
from kiosk.departments.community.mandates import MANDATES
from kiosk.departments.community.models import Base
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts

department = Department(
    code="community",
    titles=texts("Community", "社区服务", "Comunidade"),
    receipt_prefix="CO",
    services=(SENIOR_ENTRY, HOME_CARE, CARER_MANDATE, *Matters((APPOINTMENTS, MANDATES)).services),
    metadata=Base.metadata,
    seed=seed,
)
