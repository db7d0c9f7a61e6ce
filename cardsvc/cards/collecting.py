"""Who collected a card for its citizen. The citizen still activates it, with a PIN of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from cardsvc.cards.models import Card, Collection
from cardsvc.citizens.service import get_citizen, open_data_key
from cardsvc.trust import sealing
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.lifecycle import Proxy


def note_proxy(session: Session, keystore: Keystore, card: Card, proxy: Proxy, *, actor: str, now: datetime) -> None:
    """Keep who it was, under the citizen's own key. Raises CitizenNotFound, PersonErased."""
    if card.citizen_id is None:
        raise ValueError("a card that is nobody's is not delivered")
    citizen = get_citizen(session, card.citizen_id)
    sealed = sealing.seal(open_data_key(keystore, citizen), proxy.model_dump_json().encode(), _context(card))
    session.add(
        Collection(card_id=card.id, citizen_id=citizen.id, sealed_proxy=sealed, delivered_by=actor, delivered_at=now)
    )


def read_proxy(session: Session, keystore: Keystore, card: Card) -> Proxy | None:
    """Who collected the card; None when the citizen did. Raises PersonErased, NotSealedHere."""
    row = session.get(Collection, card.id)
    if row is None:
        return None
    data_key = open_data_key(keystore, get_citizen(session, row.citizen_id))
    return Proxy.model_validate_json(sealing.unseal(data_key, row.sealed_proxy, _context(card)))


def _context(card: Card) -> bytes:
    return b"citizen/collection/" + card.id.bytes
