"""Secrets of cards that the service alone knows, sealed under the keystore's escrow key.

They are committed before they are sent to the card: whatever happens then, one of the versions kept here is the card's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cardsvc.db import new_id
from cardsvc.issuance.models import CardSecret, SecretKind
from cardsvc.trust.keystore import KeyName, Keystore


def keep(
    session: Session, keystore: Keystore, card_id: UUID, kind: SecretKind, secret: bytes, *, now: datetime
) -> CardSecret:
    """Add the next version of a secret."""
    versions = select(func.max(CardSecret.version)).where(CardSecret.card_id == card_id, CardSecret.kind == kind)
    version = (session.scalar(versions) or 0) + 1
    row = CardSecret(
        id=new_id(),
        card_id=card_id,
        kind=kind,
        version=version,
        sealed=keystore.seal(KeyName.ESCROW, secret, _context(card_id, kind, version)),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def versions_of(session: Session, keystore: Keystore, card_id: UUID, kind: SecretKind) -> list[bytes]:
    """Every version that is kept, newest first: the card has the first, or the one before it when a write was torn."""
    statement = (
        select(CardSecret)
        .where(CardSecret.card_id == card_id, CardSecret.kind == kind)
        .order_by(CardSecret.version.desc())
    )
    return [
        keystore.open(KeyName.ESCROW, row.sealed, _context(card_id, kind, row.version))
        for row in session.scalars(statement)
    ]


def forget(session: Session, card_id: UUID, kind: SecretKind) -> None:
    """Delete every version."""
    session.execute(delete(CardSecret).where(CardSecret.card_id == card_id, CardSecret.kind == kind))


def _context(card_id: UUID, kind: SecretKind, version: int) -> bytes:
    return b"card-secret/" + card_id.bytes + f"/{kind}/{version}".encode()
