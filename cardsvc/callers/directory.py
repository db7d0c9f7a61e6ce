"""Every caller, as administrators see them; and changing what is neither a key nor a role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerDisabled, CallerUnknown
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import Principal, principal_of
from cardsvc.offices.service import code_of, get_office
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import officers as wire


def get_caller(session: Session, client_id: str) -> Caller:
    """A caller, disabled or not, locked until the commit. Raises CallerUnknown."""
    caller = session.scalar(select(Caller).where(Caller.client_id == client_id).with_for_update())
    if caller is None:
        raise CallerUnknown("No caller has this client id.", client_id=client_id)
    return caller


def get_device(session: Session, client_id: str) -> Caller:
    """As `get_caller`, but no officer: those are for the administrators of officers. Raises CallerUnknown."""
    caller = get_caller(session, client_id)
    if caller.kind is CallerKind.OFFICER:
        raise CallerUnknown("No kiosk, desk or department has this client id.", client_id=client_id)
    return caller


def list_callers(session: Session, wanted: Wanted) -> Page[Caller]:
    """By client id. Raises CursorRefused."""
    return page(session, select(Caller), Caller.client_id, wanted)


def change_caller(
    session: Session,
    client_id: str,
    *,
    title: str | None = None,
    office: str | None = None,
    actor: str,
    now: datetime,
) -> Caller:
    """Change what a caller is called, or where it stands. Raises CallerUnknown, CallerDisabled, OfficeUnknown."""
    caller = get_device(session, client_id)
    if caller.disabled_at is not None:
        raise CallerDisabled
    caller.title = title or caller.title
    if office is not None:
        place(session, caller, office)
    changed = sorted(name for name, value in {"title": title, "office": office}.items() if value is not None)
    record(session, event="caller.change", outcome=OK, actor=actor, now=now, client_id=client_id, changed=changed)
    return caller


def place(session: Session, caller: Caller, office: str) -> None:
    """Say where it stands. Raises OfficeUnknown."""
    caller.office_id = get_office(session, office).id


def describe(session: Session, caller: Caller) -> wire.Caller:
    """As administrators see it."""
    principal = principal_of(caller)
    return wire.Caller(
        client_id=caller.client_id,
        kind=caller.kind,
        title=caller.title,
        scopes=sorted(principal.scopes | principal.withheld),
        thumbprint=caller.thumbprint,
        former_thumbprint=caller.former_thumbprint,
        former_until=caller.former_until,
        office=code_of(session, caller.office_id),
        created_at=caller.created_at,
        disabled_at=caller.disabled_at,
    )


def standing_of(session: Session, principal: Principal) -> wire.Standing:
    """As the caller itself sees it."""
    caller = session.get_one(Caller, principal.caller_id)
    return wire.Standing(
        client_id=caller.client_id,
        kind=caller.kind,
        title=caller.title,
        roles=[wire.Role(role) for role in caller.roles or ()],
        scopes=sorted(principal.scopes),
        office=code_of(session, caller.office_id),
    )
