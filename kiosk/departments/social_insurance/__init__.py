"""Social insurance: a certificate of what was paid in."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.certificate import CONTRIBUTION_CERTIFICATE
from kiosk.departments.social_insurance.models import Base
from kiosk.departments.social_insurance.register import seed

department = Department(
    code="social-insurance",
    titles=texts("Social Insurance", "社会保险", "Segurança Social"),
    receipt_prefix="SI",
    services=(CONTRIBUTION_CERTIFICATE,),
    metadata=Base.metadata,
    seed=seed,
)
