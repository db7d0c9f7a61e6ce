"""Another key for a caller.

Where an administrator gives it, the former one is refused from the commit on: in client assertions, tokens and visits.
A caller that changes its own may let the former one stay good for a while, so that nothing of its breaks off: neither
what another process of its is doing with it, nor visits that were begun with it.

Officers change their own keys alone: whoever could give an officer a key could be two people. One who has lost the key
is put out, and let in under another name. Until an officer has changed the key that they were let in with, whoever let
them in counts as one person with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerDisabled, CallerExists, CallerUnknown, KeyChangeRefused, KeyOverlapRefused
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.possession import is_proved
from cardsvc.callers.repository import find_by_thumbprint
from cardsvc.callers.service import usable_key
from cardsvc.wire.officers import KEY_CHANGE_TYP, KeyChangeRequest

LONGEST_OVERLAP: Final = timedelta(days=7)
"""For so long the former key may stay good."""


def replace_key(
    session: Session, client_id: str, public_jwk: Mapping[str, Any], *, actor: str, now: datetime
) -> Caller:
    """Give a kiosk, a desk or a department another key.

    Raises CallerUnknown (for officers too), CallerDisabled, UnusableKey, CallerExists when the key is somebody's.
    """
    caller = _locked(session, client_id)
    if caller.kind is CallerKind.OFFICER:
        raise CallerUnknown("Officers change their keys themselves.", client_id=client_id)
    _set_key(session, caller, public_jwk, None, actor=actor, now=now)
    caller.keyed_by = actor
    return caller


def change_own_key(
    session: Session, client_id: str, request: KeyChangeRequest, *, issuer: str, now: datetime
) -> Caller:
    """Change the caller's own key, proved with the present one. A key before that, if it was good still, ends now.

    The first time an officer does, the former key has no overlap: whoever let them in, and kept a copy, could otherwise
    change it unseen.

    Raises KeyOverlapRefused, KeyChangeRefused, UnusableKey, CallerExists when the key is somebody's.
    """
    caller = _locked(session, client_id)
    _, thumbprint = usable_key(request.public_jwk)
    is_officer = caller.kind is CallerKind.OFFICER
    longest = timedelta(0) if is_officer and caller.keyed_by is not None else LONGEST_OVERLAP
    if request.former_until is not None and not now < request.former_until <= now + longest:
        raise KeyOverlapRefused(longest)
    expected = {"iss": caller.client_id, "aud": issuer, "jkt": thumbprint}
    if not is_proved(request.proof, caller.public_jwk, typ=KEY_CHANGE_TYP, expected=expected, now=now):
        raise KeyChangeRefused
    _set_key(session, caller, request.public_jwk, request.former_until, actor=client_id, now=now)
    if is_officer:
        caller.keyed_by = None
        caller.card_confirmed_at = None  # whoever held the former key may have said that some card is the officer's
    return caller


def _locked(session: Session, client_id: str) -> Caller:
    caller = session.scalar(select(Caller).where(Caller.client_id == client_id).with_for_update())
    if caller is None:
        raise CallerUnknown("No caller has this client id.", client_id=client_id)
    if caller.disabled_at is not None:
        raise CallerDisabled
    return caller


def _set_key(
    session: Session,
    caller: Caller,
    public_jwk: Mapping[str, Any],
    former_until: datetime | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    members, thumbprint = usable_key(public_jwk)
    client_id = caller.client_id
    if find_by_thumbprint(session, thumbprint) is not None:
        raise _taken(client_id)
    former_jwk, former = caller.public_jwk, caller.thumbprint
    try:
        with session.begin_nested():
            caller.public_jwk, caller.thumbprint = members, thumbprint
            caller.former_until = former_until
            kept = former_until is not None
            caller.former_jwk, caller.former_thumbprint = (former_jwk, former) if kept else (None, None)
    except IntegrityError:  # somebody else was given it this moment
        raise _taken(client_id) from None
    overlap: dict[str, Any] = {} if former_until is None else {"former_until": former_until.astimezone(UTC).isoformat()}
    record(
        session,
        event="caller.key",
        outcome=OK,
        actor=actor,
        now=now,
        client_id=caller.client_id,
        former=former,
        present=thumbprint,
        **overlap,
    )


def _taken(client_id: str) -> CallerExists:
    return CallerExists("The key belongs to a caller already.", client_id=client_id)
