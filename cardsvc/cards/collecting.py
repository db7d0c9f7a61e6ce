"""Who collected a card for its citizen. The citizen still activates it, with a PIN of their own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.errors import NoProxy
from cardsvc.cards.models import Card, Collection
from cardsvc.cards.repository import get_card
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


def show_proxy(session: Session, keystore: Keystore, card_uuid: UUID, *, actor: Principal, now: datetime) -> Proxy:
    """Who collected the card for its citizen; the look is recorded.

    Raises CardNotFound, NoProxy, RecipientDecides, PersonErased, NotSealedHere.
    """
    card = get_card(session, card_uuid)
    row = session.get(Collection, card.id)
    if row is None:
        raise NoProxy
    require_not_recipient(session, actor.client_id, row.citizen_id)
    data_key = open_data_key(keystore, get_citizen(session, row.citizen_id))
    proxy = Proxy.model_validate_json(sealing.unseal(data_key, row.sealed_proxy, _context(card)))
    record(
        session,
        event="card.proxy.view",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=row.citizen_id,
        card_id=card.id,
    )
    return proxy


def _context(card: Card) -> bytes:
    return b"citizen/collection/" + card.id.bytes
