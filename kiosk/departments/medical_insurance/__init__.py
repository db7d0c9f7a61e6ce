"""Medical insurance: check in at a clinic, ask for the balance of the personal account and for claims."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.accounts import BALANCE
from kiosk.departments.medical_insurance.claims import CLAIMS, seed_claims
from kiosk.departments.medical_insurance.clinics import CHECK_IN
from kiosk.departments.medical_insurance.models import Base

department = Department(
    code="medical-insurance",
    titles=texts("Medical Insurance", "医疗保险", "Seguro de Saúde"),
    receipt_prefix="MI",
    services=(CHECK_IN, BALANCE, CLAIMS),
    metadata=Base.metadata,
    seed=seed_claims,
)
