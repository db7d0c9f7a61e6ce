"""What kiosks say of themselves, what they are told in answer, and how they all stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal
from cardsvc.fleet.models import EnrolmentCode, Kiosk
from cardsvc.fleet.planning import version_in_force
from cardsvc.offices.service import code_of
from cardsvc.paging import Page, Wanted, page
from cardsvc.reach.models import Revocation
from cardsvc.wire import fleet as wire
from cardsvc.wire.fleet import KioskState

INTERVAL: Final = timedelta(seconds=5)
"""Between two reports of a kiosk: so old is at most what it knows of revocations, and that it was disabled."""
SILENT_AFTER: Final = 6 * INTERVAL


def take_report(session: Session, report: wire.Heartbeat, *, actor: Principal, now: datetime) -> wire.Pulse:
    """Keep what a kiosk says, and tell it how things stand."""
    kept = update(Kiosk).where(Kiosk.caller_id == actor.caller_id)
    session.execute(kept.values(last_seen_at=now, report=report.model_dump(mode="json")))
    out_of_service_at = session.scalar(select(Caller.out_of_service_at).where(Caller.id == actor.caller_id))
    newest = select(Revocation.id).where(Revocation.number.is_not(None)).order_by(Revocation.number.desc()).limit(1)
    return wire.Pulse(
        now=now,
        interval_seconds=int(INTERVAL.total_seconds()),
        disabled=out_of_service_at is not None,
        plan_version=version_in_force(session),
        newest_revocation=session.scalar(newest),
    )


def list_kiosks(session: Session, wanted: Wanted) -> Page[Kiosk]:
    """By client id. Raises CursorRefused."""
    return page(session, select(Kiosk), Kiosk.client_id, wanted)


def describe_all(session: Session, rows: Sequence[Kiosk], now: datetime) -> list[wire.Kiosk]:
    """As those who look after them see them."""
    ids = [row.caller_id for row in rows if row.caller_id is not None]
    callers = {caller.id: caller for caller in session.scalars(select(Caller).where(Caller.id.in_(ids)))}
    codes = _open_codes(session, [row.id for row in rows], now)
    return [_describe(session, row, _caller(callers, row), codes.get(row.id), now) for row in rows]


def state_of(kiosk: Kiosk, caller: Caller | None, now: datetime) -> KioskState:
    """How it stands."""
    if caller is None:
        return KioskState.AWAITED
    if caller.disabled_at is not None:
        return KioskState.SHUT_OUT
    if caller.out_of_service_at is not None:
        return KioskState.OUT_OF_SERVICE
    heard = kiosk.last_seen_at is not None and now - kiosk.last_seen_at <= SILENT_AFTER
    return KioskState.IN_SERVICE if heard else KioskState.SILENT


def _caller(callers: Mapping[UUID, Caller], kiosk: Kiosk) -> Caller | None:
    return None if kiosk.caller_id is None else callers[kiosk.caller_id]


def _open_codes(session: Session, kiosks: Sequence[UUID], now: datetime) -> Mapping[UUID, datetime]:
    """Until when each can be enrolled with a code that there is."""
    unused = (EnrolmentCode.kiosk_id.in_(kiosks), EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
    latest = select(EnrolmentCode.kiosk_id, func.max(EnrolmentCode.expires_at)).where(*unused)
    found = session.execute(latest.group_by(EnrolmentCode.kiosk_id))
    return {row[0]: row[1] for row in found}


def _describe(
    session: Session, kiosk: Kiosk, caller: Caller | None, code_expires_at: datetime | None, now: datetime
) -> wire.Kiosk:
    out_of_service_at = None if caller is None else caller.out_of_service_at
    report = _said(kiosk)
    return wire.Kiosk(
        client_id=kiosk.client_id,
        title=(caller or kiosk).title,
        office=code_of(session, (caller or kiosk).office_id),
        state=state_of(kiosk, caller, now),
        created_at=kiosk.created_at,
        code_expires_at=code_expires_at,
        disabled_at=out_of_service_at,
        disabled_by=None if out_of_service_at is None else kiosk.disabled_by,
        disabled_reason=None if out_of_service_at is None else kiosk.disabled_reason,
        last_seen_at=kiosk.last_seen_at,
        clock_ahead=_ahead(kiosk.last_seen_at, report),
        report=report,
    )


def _said(kiosk: Kiosk) -> wire.Heartbeat | None:
    """What it said last; nothing where that was in the form of another version of ours."""
    try:
        return None if kiosk.report is None else wire.Heartbeat.model_validate(kiosk.report)
    except ValidationError:
        return None


def _ahead(last_seen_at: datetime | None, report: wire.Heartbeat | None) -> float | None:
    if last_seen_at is None or report is None:
        return None
    return round((report.sent_at - last_seen_at).total_seconds(), 1)
