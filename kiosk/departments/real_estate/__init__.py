"""Real estate: a ticket for the counters of the property registry, a proof of what one owns, the housing fund."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.counters import QUEUE_TICKET
from kiosk.departments.real_estate.fund import seed_fund
from kiosk.departments.real_estate.homes import HOME_PROOF, seed_titles
from kiosk.departments.real_estate.housing_fund import HOUSING_FUND
from kiosk.departments.real_estate.models import Base
from kiosk.departments.real_estate.tickets import TICKETS


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_titles(session)
    seed_fund(session)


department = Department(
    code="real-estate",
    titles=texts("Real Estate", "不动产登记", "Registo Predial"),
    receipt_prefix="RE",
    services=(QUEUE_TICKET, HOME_PROOF, HOUSING_FUND, *Matters((cases([HOUSING_FUND]), TICKETS)).services),
    metadata=Base.metadata,
    seed=seed,
)
