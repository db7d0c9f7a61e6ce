"""Social insurance: a certificate of what was paid in, benefit for those who lost their work, proof of life."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.attendants import ATTENDANT_ENROLMENT
from kiosk.departments.social_insurance.certificate import CONTRIBUTION_CERTIFICATE
from kiosk.departments.social_insurance.models import Base
from kiosk.departments.social_insurance.proof_of_life import PROOF_OF_LIFE
from kiosk.departments.social_insurance.register import seed
from kiosk.departments.social_insurance.unemployment import UNEMPLOYMENT_CLAIM

department = Department(
    code="social-insurance",
    titles=texts("Social Insurance", "社会保险", "Segurança Social"),
    receipt_prefix="SI",
    services=(
        CONTRIBUTION_CERTIFICATE,
        UNEMPLOYMENT_CLAIM,
        PROOF_OF_LIFE,
        ATTENDANT_ENROLMENT,
        *Matters((cases([UNEMPLOYMENT_CLAIM]),)).services,
    ),
    metadata=Base.metadata,
    seed=seed,
)
