"""Medical insurance: check in at a clinic, see balance and claims, file that one will be treated elsewhere."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.accounts import BALANCE
from kiosk.departments.medical_insurance.claims import CLAIMS, seed_claims
from kiosk.departments.medical_insurance.clinics import CHECK_IN
from kiosk.departments.medical_insurance.filings import OUT_OF_AREA_FILING
from kiosk.departments.medical_insurance.models import Base
from kiosk.departments.medical_insurance.taking_back import FILINGS, TICKETS

department = Department(
    code="medical-insurance",
    titles=texts("Medical Insurance", "医疗保险", "Seguro de Saúde"),
    receipt_prefix="MI",
    services=(CHECK_IN, BALANCE, CLAIMS, OUT_OF_AREA_FILING, *Matters((TICKETS, FILINGS)).services),
    metadata=Base.metadata,
    seed=seed_claims,
)
