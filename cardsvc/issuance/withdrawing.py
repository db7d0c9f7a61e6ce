"""Ending an application without a card: what was held for it is restored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cardsvc.cards.holding import is_held_for, is_over, restore
from cardsvc.cards.models import Card
from cardsvc.issuance.models import Application
from cardsvc.transitions import move_application
from cardsvc.wire.lifecycle import ApplicationState


def withdraw(
    session: Session,
    application: Application,
    state: ApplicationState,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Reject or cancel it. The card that it held, and that nothing else holds, is in force again.

    Raises TransitionRefused, ChangedMeanwhile.
    """
    move_application(session, application, state, actor=actor, now=now, reason=reason)
    if application.replaces_id is None:
        return
    old = session.get_one(Card, application.replaces_id, with_for_update=True)
    if is_held_for(old, application.id) and not is_over(old, now):
        restore(session, old, actor=actor, now=now, note=f"application {state.value}")
