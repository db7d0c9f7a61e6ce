"""Looking up the cards that proofs name, and locking them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from cardsvc.bulk import among
from cardsvc.cards.models import Card
from cardsvc.db import table_of
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import CardState


@dataclass(frozen=True, slots=True)
class Holder:
    """What our tables say about a card and one of its keys."""

    card_id: UUID
    card_uuid: UUID
    citizen_id: UUID
    state: CardState
    expires_on: date | None
    certificate: bytes
    """DER."""
    status: CertificateStatus
    locks: tuple[str, ...]
    """What the citizen locked the card for."""


Holders = Mapping[tuple[UUID, int], Holder]
"""By card UUID and key reference."""

_cards: Final = table_of(Card)
_certificates: Final = table_of(Certificate)
_FIND: Final = (
    select(
        _certificates.c.key_reference,
        _cards.c.id,
        _cards.c.uuid,
        _cards.c.citizen_id,
        _cards.c.state,
        _cards.c.expires_on,
        _certificates.c.der,
        _certificates.c.status,
        _cards.c.locks,
    )
    .join(_certificates, _certificates.c.card_id == _cards.c.id)
    .where(
        among(_cards.c.uuid, "uuids"),
        among(_certificates.c.key_reference, "keys"),
        _cards.c.citizen_id.is_not(None),
    )
    # The order in which the rows are locked, the same everywhere; and the newest certificate of a key comes last.
    .order_by(_cards.c.id, _certificates.c.created_at, _certificates.c.id)
)
_SHARE: Final = _FIND.with_for_update(read=True, of=_cards)
_CHANGE: Final = _FIND.with_for_update(of=_cards)


def find_holders(connection: Connection, wanted: Collection[tuple[UUID, int]], *, to_change: bool = False) -> Holders:
    """The cards with the newest certificates of the wanted keys. The cards' rows stay locked until the commit.

    On PostgreSQL a revocation that is under way is waited for, and one that comes later waits for us; SQLite has one
    writer at a time anyway. Two that are going to change a card must not both hold the shared lock: ``to_change``.
    """
    if not wanted:
        return {}
    uuids, keys = {card_uuid for card_uuid, _ in wanted}, {key for _, key in wanted}
    found = connection.execute(_CHANGE if to_change else _SHARE, {"uuids": uuids, "keys": keys}).all()
    return {(row[2], row[0]): Holder(*row[1:]) for row in found}
