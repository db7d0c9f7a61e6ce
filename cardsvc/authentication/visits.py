"""Visits: for a while after a proof, the citizen's kiosk may ask for assertions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import VisitEnd, VisitEnded, VisitForeign, VisitUnknown
from cardsvc.authentication.models import Visit
from cardsvc.authentication.proofs import VerifiedCard
from cardsvc.bulk import insert_all
from cardsvc.callers.entering import enter_again
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.locks.checking import check_unlocked
from cardsvc.locks.errors import LockedByCitizen
from cardsvc.wire.scopes import Scope

TOKEN_BYTES: Final = 32
_TAKES: Final = frozenset({Scope.AUTHENTICATE})
"""The scope of everything that is done with a visit."""

Entropy = Callable[[int], str]
"""Gives a text with so many random bytes in it."""


@dataclass(frozen=True, slots=True)
class VisitTimes:
    """How long a visit may last."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class BegunVisit:
    """A new visit. The token is here and at the kiosk; we keep its hash."""

    token: str = field(repr=False)
    expires_at: datetime


def begin_visits(
    connection: Connection,
    verified: Sequence[tuple[VerifiedCard, Principal]],
    *,
    times: VisitTimes,
    entropy: Entropy = secrets.token_urlsafe,
) -> list[BegunVisit]:
    """Begin a visit for each card that has just proved itself, bound to its caller and the caller's key."""
    begun = [BegunVisit(entropy(TOKEN_BYTES), card.verified_at + times.longest) for card, _ in verified]
    rows = [_row(card, actor, visit) for (card, actor), visit in zip(verified, begun, strict=True)]
    insert_all(connection, Visit, rows)
    return begun


def _row(card: VerifiedCard, actor: Principal, visit: BegunVisit) -> dict[str, Any]:
    return {
        "id": new_id(),
        "token_sha256": _hash(visit.token),
        "caller_id": actor.caller_id,
        "key_thumbprint": actor.key_thumbprint,
        "card_id": card.card_id,
        "citizen_id": card.citizen_id,
        "level": card.level,
        "began_at": card.verified_at,
        "last_used_at": card.verified_at,
        "expires_at": visit.expires_at,
    }


def open_visit(session: Session, token: str, *, actor: Principal, now: datetime, times: VisitTimes) -> Visit:
    """The visit with this token, if it is this caller's, going on, and at a level that is not locked.

    Raises KioskDisabled, VisitUnknown, VisitForeign, VisitEnded, LockedByCitizen.
    """
    visit = _own_visit(session, token, actor, now)
    if visit.ended_at is not None:
        raise VisitEnded(VisitEnd.ENDED).about(visit.citizen_id, visit.card_id)
    if now >= visit.expires_at:
        raise VisitEnded(VisitEnd.TIME_IS_UP).about(visit.citizen_id, visit.card_id)
    if now >= visit.last_used_at + times.idle:
        raise VisitEnded(VisitEnd.IDLE).about(visit.citizen_id, visit.card_id)
    _check_level(session, visit)
    return visit


def keep_visit(session: Session, token: str, *, actor: Principal, now: datetime, times: VisitTimes) -> None:
    """The citizen is still there: the visit does not end as idle. How long it may last in all stays as it is.

    Nobody is told anything, so it is not on record. Raises VisitRefused, LockedByCitizen.
    """
    open_visit(session, token, actor=actor, now=now, times=times).last_used_at = now


def end_visit(session: Session, token: str, *, actor: Principal, now: datetime) -> None:
    """The citizen has left. Ending it twice is no error. Raises KioskDisabled, VisitUnknown, VisitForeign."""
    visit = _own_visit(session, token, actor, now)
    if visit.ended_at is None:
        visit.ended_at = now
        record(
            session,
            event="visit.end",
            outcome=OK,
            actor=actor.client_id,
            now=now,
            citizen_id=visit.citizen_id,
            card_id=visit.card_id,
        )


def citizen_of_visit(session: Session, token: str) -> UUID:
    """Whose visit it is, whoever asks: only for those who then open it. Raises VisitUnknown."""
    citizen_id = session.scalar(select(Visit.citizen_id).where(Visit.token_sha256 == _hash(token)))
    if citizen_id is None:
        raise VisitUnknown
    return citizen_id


def _check_level(session: Session, visit: Visit) -> None:
    try:
        check_unlocked(session.get_one(Card, visit.card_id).locks, level=visit.level)
    except LockedByCitizen as refusal:
        raise refusal.about(visit.citizen_id, visit.card_id) from None


def hold_visit(session: Session, visit_id: UUID, *, actor: Principal, now: datetime) -> Visit:
    """A visit that this caller opened a moment ago, going on or not, its card's row locked.

    Raises KioskDisabled, VisitForeign.
    """
    return _hold(session, visit_id, session.get_one(Visit, visit_id).card_id, actor, now)


def _own_visit(session: Session, token: str, actor: Principal, now: datetime) -> Visit:
    found = session.execute(select(Visit.id, Visit.card_id).where(Visit.token_sha256 == _hash(token))).one_or_none()
    if found is None:
        raise VisitUnknown
    return _hold(session, found.id, found.card_id, actor, now)


def _hold(session: Session, visit_id: UUID, card_id: UUID, actor: Principal, now: datetime) -> Visit:
    """The visit, locked, and its card before it: in the order in which a revocation locks them, or both would wait.

    The caller before both: a kiosk may have been taken out of service since it was let in.
    """
    enter_again(session, actor, _TAKES, now)
    session.get_one(Card, card_id, with_for_update={"read": True}, populate_existing=True)
    visit = session.get_one(Visit, visit_id, with_for_update=True, populate_existing=True)
    keys = {actor.key_thumbprint, actor.former_thumbprint}
    if visit.caller_id != actor.caller_id or visit.key_thumbprint not in keys:
        raise VisitForeign().about(visit.citizen_id, visit.card_id)
    return visit


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
