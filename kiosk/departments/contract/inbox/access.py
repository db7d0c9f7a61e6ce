"""Letting officers in: by a link that works once and becomes a cookie for a working day."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kiosk.departments.contract.inbox.models import Officer
from kiosk.departments.contract.storage import insert_into

INVITED_FOR: Final = timedelta(hours=1)
SIGNED_IN_FOR: Final = timedelta(hours=10)
Entropy = Callable[[], str]
"""Gives a text that nobody can guess."""


def random_code() -> str:
    """192 bits."""
    return secrets.token_urlsafe(24)


def invite(session: Session, name: str, now: datetime, entropy: Entropy = random_code) -> str:
    """A code for this officer's link, for an hour; an earlier one no longer works, and they are signed out."""
    code = entropy()
    row = {
        "invitation_sha256": _hash(code),
        "invited_until": now + INVITED_FOR,
        "session_sha256": None,
        "signed_in_until": None,
    }
    new = insert_into(session, Officer).values(name=name, **row)
    session.execute(new.on_conflict_do_update(index_elements=[Officer.name], set_=row))
    return code


def dismiss(session: Session, name: str) -> bool:
    """Shut an officer out, at once; whether there was one of this name."""
    out = update(Officer).where(Officer.name == name)
    nothing = dict.fromkeys(("invitation_sha256", "invited_until", "session_sha256", "signed_in_until"))
    return session.scalars(out.values(nothing).returning(Officer.name)).one_or_none() is not None


def enter(session: Session, code: str, now: datetime, entropy: Entropy = random_code) -> str | None:
    """The cookie for a code, which is used up; None when it is none of ours, was used before, or its hour is over."""
    cookie = entropy()
    invited = update(Officer).where(Officer.invitation_sha256 == _hash(code), Officer.invited_until > now)
    row = {
        "invitation_sha256": None,
        "invited_until": None,
        "session_sha256": _hash(cookie),
        "signed_in_until": now + SIGNED_IN_FOR,
    }
    found = session.scalars(invited.values(row).returning(Officer.name)).one_or_none()
    return None if found is None else cookie


def officer_of(session: Session, cookie: str, now: datetime) -> str | None:
    """Whose cookie it is, while it is good."""
    good = (Officer.session_sha256 == _hash(cookie), Officer.signed_in_until > now)
    return session.scalars(select(Officer.name).where(*good)).one_or_none()


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
