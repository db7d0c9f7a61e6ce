"""Finance: how it stands with subsidies, the account it pays to, and the city purse with its ledger."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.status import cases
from kiosk.departments.contract.matters import Matters
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.fees import seed_fees
from kiosk.departments.finance.ledger import seed_funds
from kiosk.departments.finance.models import Base
from kiosk.departments.finance.naming import PAYEE_ACCOUNT, TOP_UP
from kiosk.departments.finance.paying import PAY_FEE
from kiosk.departments.finance.purse import PURSE_BALANCE
from kiosk.departments.finance.refunds import FEE_REFUND, PAID_FEES, TOP_UPS
from kiosk.departments.finance.register import seed_subsidies
from kiosk.departments.finance.subsidies import SUBSIDY_STATUS


def seed(session: Session) -> None:
    """Put in what there was on the first day."""
    seed_funds(session)
    seed_fees(session)
    seed_subsidies(session)


department = Department(
    code="finance",
    titles=texts("Finance", "财政", "Finanças"),
    receipt_prefix="FI",
    services=(
        SUBSIDY_STATUS,
        PURSE_BALANCE,
        PAY_FEE,
        TOP_UP,
        PAYEE_ACCOUNT,
        FEE_REFUND,
        *Matters((cases([PAYEE_ACCOUNT, FEE_REFUND]), TOP_UPS, PAID_FEES)).services,
    ),
    metadata=Base.metadata,
    seed=seed,
)
