"""What was done with a card, on record with the person whose card it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.cards.models import Card


def record_card(session: Session, event: str, card: Card, *, actor: str, now: datetime, **about: Any) -> None:
    """Add one record, with whatever else it is ``about``."""
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor,
        now=now,
        citizen_id=card.citizen_id,
        card_id=card.id,
        **about,
    )
