"""A card comes into force: what the citizen had before is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.cards.ending import revoke_card
from cardsvc.cards.models import Card
from cardsvc.issuance.grounds import IN_USE, lock_cards
from cardsvc.issuance.models import Application
from cardsvc.wire.lifecycle import ApplicationKind, HoldReason, RevocationReason

_REASONS: Final[Mapping[HoldReason | None, RevocationReason]] = {HoldReason.LOST: RevocationReason.LOST}
"""A card that was lost stays lost, for relying parties too; any other is superseded."""


def supersede(session: Session, application: Application, card: Card, *, actor: str, now: datetime) -> None:
    """Revoke whatever else the citizen has in use. A temporary card revokes nothing: the other one is at home, held.

    Raises ChangedMeanwhile.
    """
    if application.kind is ApplicationKind.TEMPORARY:
        return
    for other in lock_cards(session, application.citizen_id):
        if other.id != card.id and other.state in IN_USE:
            reason = _REASONS.get(other.hold_reason, RevocationReason.SUPERSEDED)
            revoke_card(session, other, reason, actor=actor, now=now)
