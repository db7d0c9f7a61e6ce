"""Letting callers in within the transaction that does what they want: whoever puts them out waits for it to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.principal import Entry, Principal
from cardsvc.callers.repository import find_principals
from cardsvc.errors import ServiceError
from cardsvc.wire.scopes import Scope


def enter_all(connection: Connection, entries: Sequence[Entry], now: datetime) -> list[Principal | ServiceError]:
    """For each the caller, as the database has it now, or why not: AccessTokenRefused, ScopeMissing, KioskDisabled."""
    principals = find_principals(connection, [entry.grant for entry in entries], now, hold=True)
    return [_judge(entry, principal) for entry, principal in zip(entries, principals, strict=True)]


def enter_again(session: Session, actor: Principal, scopes: frozenset[Scope], now: datetime) -> None:
    """For whoever was let in before the transaction began: it is still so, and stays so until the end of it.

    Raises AccessTokenRefused, ScopeMissing, KioskDisabled.
    """
    (answer,) = enter_all(session.connection(), [Entry(actor.grant, scopes)], now)
    if not isinstance(answer, Principal):
        raise answer


def _judge(entry: Entry, principal: Principal | None) -> Principal | ServiceError:
    if principal is None:
        return AccessTokenRefused()
    return principal.refusal(entry.scopes) or principal
