"""Real estate: a ticket for the counters of the property registry, a proof of what one owns."""

from __future__ import annotations

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.counters import QUEUE_TICKET
from kiosk.departments.real_estate.homes import HOME_PROOF, seed
from kiosk.departments.real_estate.models import Base

department = Department(
    code="real-estate",
    titles=texts("Real Estate", "不动产登记", "Registo Predial"),
    receipt_prefix="RE",
    services=(QUEUE_TICKET, HOME_PROOF),
    metadata=Base.metadata,
    seed=seed,
)
