"""Officers who signed in with their own card: whether the card is there still.

A session is the visit that the officer's card began at a desk. Nothing of it is kept but the visit, so it ends where
visits end: the card was taken out, or is not in force any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from cardsvc.authentication.models import Visit
from cardsvc.bulk import among
from cardsvc.cards.models import Card
from cardsvc.db import table_of
from cardsvc.wire.lifecycle import CardState

_visits: Final = table_of(Visit)
_cards: Final = table_of(Card)
_GOING_ON: Final = (
    select(_visits.c.id, _visits.c.caller_id, _visits.c.citizen_id)
    .join(_cards, _cards.c.id == _visits.c.card_id)
    .where(among(_visits.c.id, "ids"), _visits.c.ended_at.is_(None), _cards.c.state == CardState.ACTIVE)
)


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody's card is at a desk."""

    desk_id: UUID
    citizen_id: UUID


def find_presences(connection: Connection, visit_ids: Collection[UUID]) -> dict[UUID, Presence]:
    """Of those visits the ones that nobody has ended and whose cards are in force, by id.

    When they are over by themselves is not asked: access tokens do not outlast their visit (`signing_in`), and a card
    that is being written when the officer's visit runs out is written to its end.
    """
    if not visit_ids:
        return {}
    rows = connection.execute(_GOING_ON, {"ids": visit_ids})
    return {row.id: Presence(row.caller_id, row.citizen_id) for row in rows}
