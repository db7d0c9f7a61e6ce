"""Secrets of cards that the service alone knows, sealed under the keystore's escrow key.

They are committed before they are sent to the card, and confirmed once the card is known to have them: whatever happens
in between, it has the newest, or the last that was confirmed, or what the factory gave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cardsvc.db import new_id
from cardsvc.issuance.models import CardSecret, SecretKind
from cardsvc.trust.keystore import KeyName, Keystore


@dataclass(frozen=True, slots=True)
class Escrowed:
    """What is kept of one kind for a card. A write of ``pending`` was begun, and nobody knows whether it was done."""

    pending: bytes | None = field(default=None, repr=False)
    confirmed: bytes | None = field(default=None, repr=False)

    @property
    def newest(self) -> bytes | None:
        """What the card is to have in the end."""
        return self.confirmed if self.pending is None else self.pending


NOTHING: Final = Escrowed()


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


def confirm(session: Session, card_id: UUID, kind: SecretKind, now: datetime) -> None:
    """The card has the newest version."""
    newest = select(func.max(CardSecret.version)).where(CardSecret.card_id == card_id, CardSecret.kind == kind)
    session.execute(
        update(CardSecret)
        .where(CardSecret.card_id == card_id, CardSecret.kind == kind, CardSecret.version == newest.scalar_subquery())
        .values(confirmed_at=now)
    )


def kept(session: Session, keystore: Keystore, card_id: UUID, kind: SecretKind) -> Escrowed:
    """The versions that count."""
    statement = (
        select(CardSecret)
        .where(CardSecret.card_id == card_id, CardSecret.kind == kind)
        .order_by(CardSecret.version.desc())
    )
    pending = None
    for row in session.scalars(statement):
        secret = keystore.open(KeyName.ESCROW, row.sealed, _context(card_id, kind, row.version))
        if row.confirmed_at is not None:
            return Escrowed(pending, secret)
        pending = secret if pending is None else pending
    return Escrowed(pending)


def forget(session: Session, card_id: UUID, kind: SecretKind) -> None:
    """Delete every version."""
    session.execute(delete(CardSecret).where(CardSecret.card_id == card_id, CardSecret.kind == kind))


def _context(card_id: UUID, kind: SecretKind, version: int) -> bytes:
    return b"card-secret/" + card_id.bytes + f"/{kind}/{version}".encode()
