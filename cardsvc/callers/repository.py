"""Finding callers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller


def find_by_client_id(session: Session, client_id: str) -> Caller | None:
    """The caller of this name, disabled or not."""
    return session.scalars(select(Caller).where(Caller.client_id == client_id)).one_or_none()


def find_by_thumbprint(session: Session, thumbprint: str) -> Caller | None:
    """The caller with this key."""
    return session.scalars(select(Caller).where(Caller.thumbprint == thumbprint)).one_or_none()
