"""What leaves the feeds when it is old. The newest stays: the next is numbered after it, and asked for after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from cardsvc.offline.models import OfflinePackage, OfflineTap
from cardsvc.reach.models import Revocation, RevocationAcknowledgement
from cardsvc.webhooks.models import DepartmentEvent, WebhookAttempt


def old_events(before: datetime) -> Select[Any]:
    """Whether they were delivered or not."""
    later = aliased(DepartmentEvent)
    return select(DepartmentEvent.id).where(
        DepartmentEvent.occurred_at < before,
        exists().where(later.department_id == DepartmentEvent.department_id, later.number > DepartmentEvent.number),
    )


def delete_events(session: Session, ids: Sequence[UUID]) -> None:
    """With what is known of their deliveries."""
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.event_id.in_(ids)))
    session.execute(delete(DepartmentEvent).where(DepartmentEvent.id.in_(ids)))


def old_revocations(before: datetime) -> Select[Any]:
    """Those of which no department is still to hear."""
    told = select(DepartmentEvent.revocation_id).where(DepartmentEvent.revocation_id.is_not(None))
    newest = select(func.max(Revocation.number)).scalar_subquery()
    return select(Revocation.id).where(Revocation.at < before, Revocation.number < newest, Revocation.id.not_in(told))


def old_acknowledgements(before: datetime) -> Select[Any]:
    """Those after which the kiosk acknowledged more."""
    later = aliased(RevocationAcknowledgement)
    return select(RevocationAcknowledgement.id).where(
        RevocationAcknowledgement.at < before,
        exists().where(
            later.caller_id == RevocationAcknowledgement.caller_id, later.number > RevocationAcknowledgement.number
        ),
    )


def old_taps(before: datetime) -> Select[Any]:
    """Those after which the kiosk brought more."""
    later = aliased(OfflineTap)
    return select(OfflineTap.id).where(
        OfflineTap.taken_at < before,
        exists().where(later.caller_id == OfflineTap.caller_id, later.sequence > OfflineTap.sequence),
    )


def old_packages(before: datetime) -> Select[Any]:
    """By the time as of which they say what is so."""
    return select(OfflinePackage.id).where(OfflinePackage.as_of < int(before.timestamp()))
