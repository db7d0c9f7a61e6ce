"""Whom an approval is about: that person has no part in it, should they be an officer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.cards.repository import get_card
from cardsvc.citizens.errors import CitizenNotFound
from cardsvc.citizens.models import Citizen
from cardsvc.wire.approvals import ApprovalKind


def _of_card(session: Session, card_uuid: UUID) -> UUID | None:
    return get_card(session, card_uuid).citizen_id


def _itself(session: Session, citizen_id: UUID) -> UUID | None:
    if session.get(Citizen, citizen_id) is None:
        raise CitizenNotFound
    return citizen_id


_CITIZENS: Final[Mapping[ApprovalKind, Callable[[Session, UUID], UUID | None]]] = {
    ApprovalKind.PUK_RELEASE: _of_card,
    ApprovalKind.REINSTATEMENT: _of_card,
    ApprovalKind.STOCK_WRITE_OFF: _of_card,
    ApprovalKind.DEATH: _itself,
    ApprovalKind.DEATH_REVERSAL: _itself,
    ApprovalKind.ERASURE: _itself,
}


def citizen_of(session: Session, kind: ApprovalKind, subject_id: UUID) -> UUID | None:
    """The citizen whom the subject belongs to, if it is anybody's. Raises CardNotFound, CitizenNotFound."""
    find = _CITIZENS.get(kind)
    return None if find is None else find(session, subject_id)
