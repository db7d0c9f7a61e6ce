"""Every caller that is a kiosk is one of the fleet, however it was let in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.db import new_id
from cardsvc.fleet.models import Kiosk


def note_kiosk(session: Session, caller: Caller) -> None:
    """Take the place that waited for it, or a new one."""
    kiosk = session.scalar(select(Kiosk).where(Kiosk.client_id == caller.client_id).with_for_update())
    if kiosk is None:
        kiosk = Kiosk(id=new_id(), client_id=caller.client_id, title=caller.title, created_at=caller.created_at)
        session.add(kiosk)
    kiosk.caller_id = caller.id
    session.flush()
