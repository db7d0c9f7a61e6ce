"""The ledger of personal accounts: double entry, so that money comes from somewhere and the books add up."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.medical_insurance.models import Account, Booking, Entry

FUND: Final = "fund:contributions"
"""The account that contributions come out of. No pseudonym has a colon."""


def account_of(session: Session, owner: str, now: datetime) -> Account:
    """The account of this owner, opened when it is asked for the first time."""
    opened = insert_into(session, Account).values(id=new_id(), owner=owner, opened_at=now)
    session.execute(opened.on_conflict_do_nothing(index_elements=[Account.owner]))
    return session.scalars(select(Account).where(Account.owner == owner)).one()


def transfer(session: Session, *, payer: Account, payee: Account, amount: int, reference: str, now: datetime) -> bool:
    """Book ``amount`` fen from one account to another; False when this reference was booked before."""
    if amount <= 0:
        raise ValueError("money moves from the payer to the payee")
    booking = insert_into(session, Booking).values(id=new_id(), reference=reference, booked_at=now)
    booked = session.scalars(
        booking.on_conflict_do_nothing(index_elements=[Booking.reference]).returning(Booking.id)
    ).one_or_none()
    if booked is None:
        return False
    session.add_all(
        (
            Entry(booking_id=booked, account_id=payer.id, amount=-amount),
            Entry(booking_id=booked, account_id=payee.id, amount=amount),
        )
    )
    session.flush()
    return True


def balance_of(session: Session, account: Account) -> int:
    """What the account holds, in fen."""
    held = session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.account_id == account.id))
    return int(held or 0)
