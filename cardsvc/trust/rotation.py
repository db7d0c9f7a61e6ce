"""Renewing the keys that sign tokens, and the key of the issuing CA."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.db import new_id
from cardsvc.trust.errors import RotationTooSoon
from cardsvc.trust.key_ring import ROTATING, RingVersion, versions_of
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.trust.models import KeyVersion

PUBLISHED_BEFORE_USE: Final = timedelta(minutes=15)
"""Three times as long as anybody may keep the JWKS."""
_MARGIN: Final = timedelta(minutes=5)
"""For clocks that differ."""
BELIEVED_FOR: Final[dict[KeyName, timedelta | None]] = {
    KeyName.ASSERTION: timedelta(minutes=5),
    KeyName.ACCESS_TOKEN: timedelta(hours=1),
    KeyName.STATUS_LIST: timedelta(hours=12),
    KeyName.EVIDENCE: None,
}
"""How long what a key signed may be shown, at the most that the settings allow. Evidence is for ever."""


def rotate(
    session: Session, keystore: Keystore, name: KeyName, *, distrusted: bool, actor: str, now: datetime
) -> RingVersion:
    """Give a key another version, and say which.

    It is published now and used in `PUBLISHED_BEFORE_USE`; the old one stays published until nothing that it signed can
    be shown any more. A ``distrusted`` old one is out at once, and with it everything that it signed.

    Raises ValueError for a key that does not rotate; RotationTooSoon.
    """
    if name not in ROTATING:
        raise ValueError(f"{name} does not rotate; these do: {', '.join(ROTATING)}")
    known = versions_of(session, keystore, name)
    latest = known[-1].used_from
    if latest is not None and latest > now and not distrusted:
        raise RotationTooSoon(str(name), latest)
    version = keystore.add_version(name)
    used_from = now if distrusted else now + PUBLISHED_BEFORE_USE
    added = RingVersion.of_key(version, keystore.public_key(name, version), used_from)
    _retire(session, name, known, _end_of_belief(name, used_from, now, distrusted=distrusted))
    _add(session, name, added)
    record(
        session,
        event="trust.rotate",
        outcome=OK,
        actor=actor,
        now=now,
        key=str(name),
        version=version,
        key_id=added.key_id,
        distrusted=distrusted,
    )
    return added


def _end_of_belief(name: KeyName, used_from: datetime, now: datetime, *, distrusted: bool) -> datetime | None:
    if distrusted:
        return now
    believed_for = BELIEVED_FOR[name]
    return None if believed_for is None else used_from + believed_for + _MARGIN


def _retire(session: Session, name: KeyName, known: Sequence[RingVersion], end: datetime | None) -> None:
    rows = {row.version: row for row in session.scalars(select(KeyVersion).where(KeyVersion.name == name))}
    for version in known:
        row = rows.get(version.version) or _add(session, name, version)
        if end is not None and (row.published_until is None or row.published_until > end):
            row.published_until = end


def _add(session: Session, name: KeyName, version: RingVersion) -> KeyVersion:
    spki = version.key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    row = KeyVersion(id=new_id(), name=name, version=version.version, public_key=spki, used_from=version.used_from)
    session.add(row)
    session.flush()
    return row
