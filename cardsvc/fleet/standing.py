"""Taking a kiosk out of service from afar, and putting it back.

It is refused everything but its report from the commit on, at its next request, whatever token it has; by the report it
hears when it is over. Without a network it hears nothing and goes on: what it takes then is refused when it brings it.
Shutting a kiosk out for good is another thing (`callers.service.disable_caller`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerDisabled
from cardsvc.callers.models import Caller
from cardsvc.fleet.errors import KioskUnknown
from cardsvc.fleet.models import Kiosk
from cardsvc.fleet.repository import caller_of, get_kiosk
from cardsvc.offline.supplying import stop_packages


def disable(session: Session, client_id: str, reason: str, *, actor: str, now: datetime) -> Kiosk:
    """Take it out of service. One that is so already stays so, for the reason given first.

    Raises KioskUnknown, also for one that was not enrolled, CallerDisabled.
    """
    kiosk, caller = _enrolled(session, client_id)
    if caller.out_of_service_at is None:
        caller.out_of_service_at = now
        kiosk.disabled_by, kiosk.disabled_reason = actor, reason
        stop_packages(session, caller.id, now)
        record(session, event="kiosk.disable", outcome=OK, actor=actor, now=now, client_id=client_id)
    return kiosk


def enable(session: Session, client_id: str, *, actor: str, now: datetime) -> Kiosk:
    """Put it back. Raises KioskUnknown, CallerDisabled."""
    kiosk, caller = _enrolled(session, client_id)
    if caller.out_of_service_at is not None:
        caller.out_of_service_at = None
        record(session, event="kiosk.enable", outcome=OK, actor=actor, now=now, client_id=client_id)
    return kiosk


def _enrolled(session: Session, client_id: str) -> tuple[Kiosk, Caller]:
    kiosk = get_kiosk(session, client_id)
    caller = caller_of(session, kiosk)
    if caller is None:
        raise KioskUnknown(client_id)
    if caller.disabled_at is not None:
        raise CallerDisabled
    return kiosk, caller
