"""Letting in whoever comes in a group, in the transaction that does what they want."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.callers.principal import Entry, Principal
from cardsvc.callers.repository import find_principals
from cardsvc.errors import ServiceError


def enter_all(connection: Connection, entries: Sequence[Entry], now: datetime) -> list[Principal | ServiceError]:
    """For each the caller, as the database has it now, or why not: AccessTokenRefused, ScopeMissing, KioskDisabled."""
    principals = find_principals(connection, [entry.grant for entry in entries], now, hold=True)
    return [_judge(entry, principal) for entry, principal in zip(entries, principals, strict=True)]


def _judge(entry: Entry, principal: Principal | None) -> Principal | ServiceError:
    if principal is None:
        return AccessTokenRefused()
    return principal.refusal(entry.scopes) or principal
