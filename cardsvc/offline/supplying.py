"""Which packages each kiosk was given: a tap counts only in the life of one of them.

A kiosk says itself when a tap was, and whoever has a stolen one would say what suits them. So what it knows has to be
from a package that it was given, and one that was replaced is forgotten after `KEPT`: a kiosk that is heard from cannot
place a tap longer ago. While a kiosk is out of service no package is good, whether it has heard of that or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cardsvc.callers.entering import enter_again
from cardsvc.callers.principal import Principal
from cardsvc.db import new_id
from cardsvc.fleet.models import Kiosk
from cardsvc.offline.models import OfflinePackage
from cardsvc.wire.scopes import Scope

KEPT: Final = timedelta(hours=6)
"""After it was replaced: an answer may get lost, and a journal takes its time. There is a package a minute."""
_TAKES: Final = frozenset({Scope.REVOCATIONS_READ})


@dataclass(frozen=True, slots=True)
class GivenPackage:
    """One that a kiosk was given, and for how long it was good."""

    stopped_at: datetime | None
    """When the kiosk was taken out of service with it."""


def hold_kiosk(session: Session, actor: Principal) -> Kiosk:
    """The kiosk's row, locked until the commit: what changes its journal or its packages comes one after the other."""
    statement = select(Kiosk).where(Kiosk.caller_id == actor.caller_id)
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()


def note_package(session: Session, actor: Principal, as_of: int, now: datetime) -> None:
    """Remember that a kiosk was given a package, and forget those that are over.

    Raises AccessTokenRefused, KioskDisabled.
    """
    hold_kiosk(session, actor)
    enter_again(session, actor, _TAKES, now)
    ours = OfflinePackage.caller_id == actor.caller_id
    session.execute(delete(OfflinePackage).where(ours, OfflinePackage.replaced_at < now - KEPT))
    session.execute(update(OfflinePackage).where(ours, OfflinePackage.replaced_at.is_(None)).values(replaced_at=now))
    given = session.scalar(select(OfflinePackage).where(ours, OfflinePackage.as_of == as_of))
    if given is None:
        given = OfflinePackage(id=new_id(), caller_id=actor.caller_id, as_of=as_of)
        session.add(given)
    given.replaced_at = given.stopped_at = None


def find_packages(session: Session, caller_id: UUID, as_of: Collection[int]) -> Mapping[int, GivenPackage]:
    """Those of these times that the kiosk was given, and are not forgotten."""
    columns = (OfflinePackage.as_of, OfflinePackage.stopped_at)
    statement = select(*columns).where(OfflinePackage.caller_id == caller_id, OfflinePackage.as_of.in_(as_of))
    return {moment: GivenPackage(stopped_at) for moment, stopped_at in session.execute(statement)}


def stop_packages(session: Session, caller_id: UUID, now: datetime) -> None:
    """The kiosk is out of service from now on."""
    going = (OfflinePackage.caller_id == caller_id, OfflinePackage.stopped_at.is_(None))
    session.execute(update(OfflinePackage).where(*going).values(stopped_at=now))


def forget_packages(session: Session, caller_id: UUID, before: datetime) -> None:
    """The kiosk lost its disk, and they went with it."""
    gone = (OfflinePackage.caller_id == caller_id, OfflinePackage.as_of <= int(before.timestamp()))
    session.execute(delete(OfflinePackage).where(*gone))
