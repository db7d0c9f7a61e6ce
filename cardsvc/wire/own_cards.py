"""What citizens see of their cards at a kiosk, and the card of theirs that they report lost there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cardsvc.wire.base import Date, Message, Timestamp
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.losses import ReportNumber


class OwnCardsRequest(Message):
    """See one's cards. The visit says whose, and must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class OwnCard(Message):
    """A card as its holder knows it: without its numbers, which a kiosk need not learn."""

    state: CardState
    here: bool
    """Whether it is the one that the visit was begun with."""
    expires_on: Date | None = None
    renewal_opens_on: Date | None = None
    """The first day on which it can be renewed."""


class OwnCards(Message):
    """All cards that a citizen carries, or may have lost; the oldest first."""

    cards: list[OwnCard]


class OwnLossRequest(Message):
    """Report one's other card lost. The visit says whose, and which card is there; it must be at level ``pin``."""

    visit_token: Annotated[str, Field(max_length=128)] = Field(repr=False)


class OwnLoss(Message):
    """The report of a citizen's other card, which is on hold as lost now."""

    number: ReportNumber
    reported_at: Timestamp
    found_until: Timestamp
    """If it is found before, the desk can put it into force again."""
