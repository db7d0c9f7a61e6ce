"""Finding kiosks and their codes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.fleet.errors import EnrolmentCodeUnknown, KioskUnknown
from cardsvc.fleet.models import EnrolmentCode, Kiosk


def get_kiosk(session: Session, client_id: str) -> Kiosk:
    """A kiosk, locked until the commit. Raises KioskUnknown."""
    kiosk = find_kiosk(session, client_id)
    if kiosk is None:
        raise KioskUnknown(client_id)
    return kiosk


def find_kiosk(session: Session, client_id: str) -> Kiosk | None:
    """A kiosk, or the place for one, locked until the commit."""
    return session.scalar(select(Kiosk).where(Kiosk.client_id == client_id).with_for_update())


def caller_of(session: Session, kiosk: Kiosk) -> Caller | None:
    """The kiosk as a caller, locked until the commit; None while it is awaited."""
    if kiosk.caller_id is None:
        return None
    return session.get_one(Caller, kiosk.caller_id, with_for_update=True, populate_existing=True)


def kiosk_of_code(session: Session, code_sha256: bytes) -> tuple[Kiosk, EnrolmentCode]:
    """The kiosk that a code is for, locked until the commit, and the code as it is then.

    Whoever makes or uses a code of a kiosk locks the kiosk first, and waits there. Raises EnrolmentCodeUnknown.
    """
    this = EnrolmentCode.code_sha256 == code_sha256
    kiosk = session.scalar(
        select(Kiosk).join(EnrolmentCode, EnrolmentCode.kiosk_id == Kiosk.id).where(this).with_for_update(of=Kiosk)
    )
    code = session.scalar(select(EnrolmentCode).where(this))
    if kiosk is None or code is None:
        raise EnrolmentCodeUnknown
    return kiosk, code
