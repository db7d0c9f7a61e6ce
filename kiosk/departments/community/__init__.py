"""Community: appointments with the home-care service."""

from __future__ import annotations

from kiosk.departments.community.care import HOME_CARE, seed
from kiosk.departments.community.models import Base
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts

department = Department(
    code="community",
    titles=texts("Community", "社区服务", "Comunidade"),
    receipt_prefix="CO",
    services=(HOME_CARE,),
    metadata=Base.metadata,
    seed=seed,
)
