"""What was done with an application, on record with the person who is to get the card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.issuance.models import Application


def record_application(
    session: Session, event: str, application: Application, actor: Principal, now: datetime, **about: Any
) -> None:
    """Add one record, with whatever else it is ``about``."""
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=application.citizen_id,
        application=str(application.id),
        **about,
    )
