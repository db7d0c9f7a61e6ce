"""How a kiosk comes to be known: an officer is given a code, and whoever brings it first, with a key, is the kiosk.

The key is made in the kiosk and stays there. An answer that got lost is given again to whoever holds the key that was
enrolled. A kiosk that lost its key is enrolled anew with another code; the former key is refused from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.directory import place
from cardsvc.callers.errors import CallerDisabled, CallerExists
from cardsvc.callers.keys import replace_key
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.possession import is_proved
from cardsvc.callers.repository import find_by_client_id
from cardsvc.callers.service import register_caller, usable_key
from cardsvc.db import new_id
from cardsvc.fleet.codes import digest_of, write_code
from cardsvc.fleet.errors import EnrolmentCodeExpired, EnrolmentCodeUsed, EnrolmentProofRefused
from cardsvc.fleet.models import EnrolmentCode, Kiosk
from cardsvc.fleet.repository import caller_of, get_kiosk, kiosk_of_code
from cardsvc.offices.service import code_of, get_office
from cardsvc.wire import fleet as wire
from cardsvc.wire.base import encode_base64url

CODE_LIFETIME: Final = timedelta(hours=24)


def add_kiosk(
    session: Session, request: wire.KioskRequest, raw_code: bytes, *, actor: str, now: datetime
) -> wire.EnrolmentCode:
    """Have a place for a kiosk, and a code for it. Raises CallerExists, OfficeUnknown."""
    client_id = request.client_id
    if find_by_client_id(session, client_id) is not None:
        raise _taken(client_id)
    office_id = None if request.office is None else get_office(session, request.office).id
    kiosk = Kiosk(id=new_id(), client_id=client_id, title=request.title, office_id=office_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(kiosk)
    except IntegrityError:
        raise _taken(client_id) from None
    record(session, event="kiosk.add", outcome=OK, actor=actor, now=now, client_id=client_id)
    return _make_code(session, kiosk, raw_code, actor, now)


def renew_code(session: Session, client_id: str, raw_code: bytes, *, actor: str, now: datetime) -> wire.EnrolmentCode:
    """Another code for a kiosk, awaited or not; one that was made before is not good any more.

    Raises KioskUnknown, CallerDisabled.
    """
    kiosk = get_kiosk(session, client_id)
    caller = caller_of(session, kiosk)
    if caller is not None and caller.disabled_at is not None:
        raise CallerDisabled
    return _make_code(session, kiosk, raw_code, actor, now)


def enrol(session: Session, request: wire.EnrolmentRequest, *, issuer: str, now: datetime) -> wire.Enrolment:
    """Take the key for the kiosk's that the code is for.

    Raises UnusableKey, EnrolmentProofRefused, EnrolmentCodeUnknown, EnrolmentCodeUsed, EnrolmentCodeExpired,
    CallerExists when the key is somebody's, CallerDisabled, OfficeUnknown.
    """
    _, thumbprint = usable_key(request.public_jwk)
    code_sha256 = digest_of(request.code)
    expected = {"aud": issuer, "jkt": thumbprint, "code_sha256": encode_base64url(code_sha256)}
    if not is_proved(request.proof, request.public_jwk, typ=wire.ENROLMENT_TYP, expected=expected, now=now):
        raise EnrolmentProofRefused
    kiosk, code = kiosk_of_code(session, code_sha256)
    if code.used_at is not None:
        return _told_again(session, kiosk, code, thumbprint)
    if now >= code.expires_at:
        raise EnrolmentCodeExpired
    caller = _let_in(session, kiosk, code, request, now)
    code.used_at, code.thumbprint = now, thumbprint
    kiosk.enrolled_at = now
    record(
        session,
        event="kiosk.enrol",
        outcome=OK,
        actor=caller.client_id,
        now=now,
        client_id=caller.client_id,
        code=str(code.id),
        code_made_by=code.made_by,
        present=thumbprint,
    )
    return _describe(caller)


def _make_code(session: Session, kiosk: Kiosk, raw: bytes, actor: str, now: datetime) -> wire.EnrolmentCode:
    earlier = (EnrolmentCode.kiosk_id == kiosk.id, EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
    session.execute(update(EnrolmentCode).where(*earlier).values(expires_at=now))
    written = write_code(raw)
    code = EnrolmentCode(
        id=new_id(),
        kiosk_id=kiosk.id,
        code_sha256=digest_of(written),
        made_by=actor,
        made_at=now,
        expires_at=now + CODE_LIFETIME,
    )
    session.add(code)
    record(session, event="kiosk.code", outcome=OK, actor=actor, now=now, client_id=kiosk.client_id, code=str(code.id))
    return wire.EnrolmentCode(client_id=kiosk.client_id, code=written, expires_at=code.expires_at)


def _let_in(
    session: Session, kiosk: Kiosk, code: EnrolmentCode, request: wire.EnrolmentRequest, now: datetime
) -> Caller:
    """In the name of whoever had the code made."""
    if kiosk.caller_id is not None:
        return replace_key(session, kiosk.client_id, request.public_jwk, actor=code.made_by, now=now)
    caller = register_caller(
        session,
        client_id=kiosk.client_id,
        kind=CallerKind.KIOSK,
        title=kiosk.title,
        public_jwk=request.public_jwk,
        actor=code.made_by,
        now=now,
    )
    office = code_of(session, kiosk.office_id)
    if office is not None:
        place(session, caller, office)
    return caller


def _told_again(session: Session, kiosk: Kiosk, code: EnrolmentCode, thumbprint: str) -> wire.Enrolment:
    caller = caller_of(session, kiosk)
    if caller is None or not thumbprint == code.thumbprint == caller.thumbprint or caller.disabled_at is not None:
        raise EnrolmentCodeUsed
    return _describe(caller)


def _describe(caller: Caller) -> wire.Enrolment:
    return wire.Enrolment(client_id=caller.client_id, title=caller.title, thumbprint=caller.thumbprint)


def _taken(client_id: str) -> CallerExists:
    return CallerExists("There is a kiosk or another caller of this name.", client_id=client_id)
