"""The status lists of cards: where each card stands in them, and what they say.

A card gets its place when its first certificate is made: random among the free ones. Places without a card show
decoys, drawn once in the proportions that real cards might have, and a few of them change whenever the list does: from
outside neither the number of cards nor the one that was just revoked can be told.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.bulk import insert_new
from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.models import Publication, StatusList, StatusPlace
from cardsvc.trust.publishing import Draft, Topic
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.status_list import CardStatus, PackedStatuses, StatusListToken, StatusReference

PLACES: Final = 1 << 16
"""Of each list: 16 KiB of statuses, among which one card is hard to find."""
FULL: Final = PLACES // 2
"""So many cards, and the next one begins another list: there must be decoys left."""
LIFETIME: Final = timedelta(hours=12)
TTL: Final = timedelta(minutes=5)
"""How long a list may be used before somebody fetches it again."""
_DECOYS: Final = (CardStatus.VALID,) * 13 + (CardStatus.SUSPENDED,) * 2 + (CardStatus.INVALID,)
"""Sixteen, so that each value of a random byte stands for one of them."""
_STIRRED: Final = 8
"""At most so many decoys change with the list."""

_STATUS_OF_STATE: Final = {
    CardState.ACTIVE: CardStatus.VALID,
    CardState.REVOKED: CardStatus.INVALID,
    CardState.EXPIRED: CardStatus.INVALID,
    CardState.QUARANTINED: CardStatus.INVALID,
    CardState.DESTROYED: CardStatus.INVALID,
}
"""In any other state a card is suspended."""


def status_of(card: Card, now: datetime) -> CardStatus:
    """What the list says about a card."""
    if card.expires_on is not None and now.date() > card.expires_on:
        return CardStatus.INVALID
    return _STATUS_OF_STATE.get(card.state, CardStatus.SUSPENDED)


def place_of(session: Session, addresses: Addresses, card_id: UUID, now: datetime) -> StatusReference:
    """The card's place; it gets one if it has none."""
    place = session.scalars(select(StatusPlace).where(StatusPlace.card_id == card_id)).one_or_none()
    if place is None:
        place = _take_place(session, _list_with_room(session, now), card_id)
    return StatusReference(addresses.status_list(place.list_id), place.place)


def status_list(session: Session, ring: KeyRing, addresses: Addresses, list_id: UUID) -> Topic | None:
    """A list, by its id; None when there is no such list."""
    if session.get(StatusList, list_id) is None:
        return None
    return Topic(Publication.STATUS_LIST, str(list_id), LIFETIME, partial(_draft, ring, addresses, list_id))


def _list_with_room(session: Session, now: datetime) -> StatusList:
    taken = func.count(StatusPlace.id)
    found = session.scalars(
        select(StatusList)
        .outerjoin(StatusPlace, StatusPlace.list_id == StatusList.id)
        .group_by(StatusList.id)
        .having(taken < FULL)
        .order_by(StatusList.created_at)
        .limit(1)
    ).first()
    if found is None:
        decoys = secrets.token_bytes(PLACES).translate(bytes(_DECOYS) * 16)
        found = StatusList(id=uuid4(), size=PLACES, decoys=decoys, created_at=now)
        session.add(found)
        session.flush()
    return found


def _take_place(session: Session, status_list: StatusList, card_id: UUID) -> StatusPlace:
    """A free place that shows "suspended" already, as the card will: so nobody sees that it was taken."""
    free = _free_places(session, status_list)
    decoys, suspended = status_list.decoys, int(CardStatus.SUSPENDED)  # looked at for every place
    alike = [place for place in free if decoys[place] == suspended]
    while True:
        chosen = secrets.choice(alike or free)
        row = {"id": new_id(), "list_id": status_list.id, "place": chosen, "card_id": card_id}
        if insert_new(session.connection(), StatusPlace, [row], unique=["list_id", "place"]):
            return session.scalars(select(StatusPlace).where(StatusPlace.card_id == card_id)).one()


def _free_places(session: Session, status_list: StatusList) -> list[int]:
    taken = set(session.scalars(select(StatusPlace.place).where(StatusPlace.list_id == status_list.id)))
    return [place for place in range(status_list.size) if place not in taken]


def _draft(ring: KeyRing, addresses: Addresses, list_id: UUID, session: Session, now: datetime) -> Draft:
    rows = session.execute(
        select(StatusPlace.place, Card)
        .join(Card, Card.id == StatusPlace.card_id)
        .where(StatusPlace.list_id == list_id)
        .order_by(StatusPlace.place)
    )
    real = {place: status_of(card, now) for place, card in rows}

    def sign(_number: int, now: datetime, next_update: datetime) -> bytes:
        token = StatusListToken(
            addresses.status_list(list_id),
            _pack(session.get_one(StatusList, list_id), real),
            issued_at=int(now.timestamp()),
            expires_at=int(next_update.timestamp()),
            ttl=int(TTL.total_seconds()),
        )
        return token.sign(ring.signer(KeyName.STATUS_LIST)).encode("ascii")

    says = [ring.signer(KeyName.STATUS_LIST).thumbprint(), sorted(real.items())]
    return Draft(json.dumps(says).encode(), sign)


def _pack(status_list: StatusList, real: Mapping[int, CardStatus]) -> PackedStatuses:
    """The cards among decoys, of which a few were stirred."""
    decoys = bytearray(status_list.decoys)
    for _ in range(secrets.randbelow(_STIRRED + 1)):
        decoys[secrets.randbelow(len(decoys))] = secrets.choice(_DECOYS)
    status_list.decoys = bytes(decoys)
    return PackedStatuses.pack(real.get(place, decoy) for place, decoy in enumerate(decoys))
