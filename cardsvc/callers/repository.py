"""Finding callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session

from cardsvc.bulk import among
from cardsvc.callers.card_sessions import Presence, find_presences
from cardsvc.callers.models import Caller
from cardsvc.callers.principal import GoodKeys, Grant, Principal, principal_of
from cardsvc.db import table_of

_callers: Final = table_of(Caller)
_ENABLED: Final = select(
    _callers.c.id,
    _callers.c.client_id,
    _callers.c.kind,
    _callers.c.scopes,
    _callers.c.roles,
    _callers.c.audience,
    _callers.c.citizen_id,
    _callers.c.card_confirmed_at,
    _callers.c.thumbprint,
    _callers.c.former_thumbprint,
    _callers.c.former_until,
    _callers.c.out_of_service_at,
).where(among(_callers.c.client_id, "client_ids"), _callers.c.disabled_at.is_(None))
_HELD: Final = _ENABLED.order_by(_callers.c.id).with_for_update(read=True)
"""Whoever disables a caller, or changes its key, waits for those of its requests that are being served."""


def find_by_client_id(session: Session, client_id: str) -> Caller | None:
    """The caller of this name, disabled or not."""
    return session.scalars(select(Caller).where(Caller.client_id == client_id)).one_or_none()


def hold_by_client_id(session: Session, client_id: str) -> Caller | None:
    """As `find_by_client_id`; what changes the caller waits for this transaction to end."""
    statement = select(Caller).where(Caller.client_id == client_id).with_for_update(read=True)
    return session.scalars(statement).one_or_none()


def find_by_thumbprint(session: Session, thumbprint: str) -> Caller | None:
    """The caller whose key this is, or was before its present one."""
    theirs = or_(Caller.thumbprint == thumbprint, Caller.former_thumbprint == thumbprint)
    return session.scalars(select(Caller).where(theirs)).first()


def is_citizen(session: Session, client_id: str, citizen_id: UUID) -> bool:
    """Whether this caller is an officer who is that citizen."""
    statement = select(Caller.id).where(Caller.client_id == client_id, Caller.citizen_id == citizen_id)
    return session.scalar(statement) is not None


def names_of(session: Session, client_id: str) -> frozenset[str]:
    """Every name of the person who calls under this one: a resident may have been let in twice, now or before."""
    citizen_id = select(Caller.citizen_id).where(Caller.client_id == client_id).scalar_subquery()
    return frozenset({client_id, *session.scalars(select(Caller.client_id).where(Caller.citizen_id == citizen_id))})


def may_be_one(session: Session, one: str, other: str | None) -> bool:
    """Whether one person may act under both names: they are a resident's, or there is a copy of the key of either."""
    return other is not None and not _hands_on(session, one).isdisjoint(_hands_on(session, other))


def _hands_on(session: Session, client_id: str) -> frozenset[str]:
    """Every name of whoever may act under this one: whoever gave it its key, and may hold a copy, too; and so on."""
    names: frozenset[str] = frozenset()
    keyed_by: str | None = client_id
    while keyed_by is not None and keyed_by not in names:
        names |= names_of(session, keyed_by)
        caller = find_by_client_id(session, keyed_by)
        keyed_by = None if caller is None else caller.keyed_by
    return names


def find_principals(
    connection: Connection, grants: Sequence[Grant], now: datetime, *, hold: bool = False
) -> list[Principal | None]:
    """For each grant its caller, with those granted scopes that it still may hold.

    None for one that was disabled, or whose key is not good any more, or who signed in with a card that is not there
    any more. With ``hold`` caller and key stay so until the end of the transaction.
    """
    sessions = {grant.by_card for grant in grants if grant.by_card}
    names = {grant.client_id for grant in grants} | {session.desk for session in sessions}
    found = connection.execute(_HELD if hold else _ENABLED, {"client_ids": names}).all()
    rows = {row.client_id: row for row in found}
    presences = find_presences(connection, {session.visit_id for session in sessions})
    principals = {grant: _principal(rows, presences, grant, now) for grant in set(grants)}
    return [principals[grant] for grant in grants]  # many come with the same token


def _principal(
    rows: Mapping[str, Any], presences: Mapping[UUID, Presence], grant: Grant, now: datetime
) -> Principal | None:
    row = rows.get(grant.client_id)
    key_of = rows.get(grant.by_card.desk) if grant.by_card else row
    if row is None or key_of is None:
        return None
    keys = GoodKeys.at(now, key_of.thumbprint, key_of.former_thumbprint, key_of.former_until)
    if grant.key_thumbprint not in {keys.present, keys.former}:
        return None
    if grant.by_card is None:
        return principal_of(row, grant.scopes, key=grant.key_thumbprint, former=keys.before(grant.key_thumbprint))
    if row.card_confirmed_at is None or presences.get(grant.by_card.visit_id) != Presence(key_of.id, row.citizen_id):
        return None
    return principal_of(row, grant.scopes, key=grant.key_thumbprint, by_card=grant.by_card)
