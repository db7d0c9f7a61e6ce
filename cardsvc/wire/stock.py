"""Blank cards, and the hands they go through."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from cardsvc.wire.base import LINES, TRIMMED, WHOLE, Message, Page, Timestamp
from cardsvc.wire.lifecycle import StockNumber

MAX_BATCH = 1000
OfficeCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
ClientId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
ProductSerial = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")]
"""The number that the product itself tells (YubiKey ``F8``, CPLC), in the notation of `readers`."""
Supplier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$")]
"""The supplier's delivery number."""


class BatchRequest(Message):
    """Take a delivery into stock: every printed number from ``first`` to ``last``, which differ in their last digits.

    ``serials`` are the products' own numbers, as far as the supplier told them.
    """

    first: StockNumber
    last: StockNumber
    office: OfficeCode | None = None
    delivery: Supplier | None = None
    serials: dict[StockNumber, ProductSerial] = Field(default_factory=dict, max_length=MAX_BATCH)


class Batch(Message):
    """A delivery that was taken in."""

    id: UUID
    first: str
    last: str
    count: int
    office: str | None = None
    delivery: str | None = None
    received_by: str
    received_at: Timestamp


class StockCard(Message):
    """A blank card: where it is and who answers for it."""

    uuid: UUID
    stock_number: str
    state: str
    office: str | None = None
    custodian: str | None = None


class StockList(Page):
    """Blank cards by their printed number, at most a thousand."""

    cards: list[StockCard]


class HandOverState(StrEnum):
    """How far a hand-over is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class HandOverRequest(Message):
    """Hand blank cards to a colleague: those of these numbers, or with ``shift`` all that one has in hand.

    With ``shift`` the open applications go along.
    """

    to: ClientId
    office: OfficeCode | None = None
    """Where the cards go; they stay where they are unless given."""
    stock_numbers: list[StockNumber] = Field(default_factory=list, max_length=MAX_BATCH)
    shift: StrictBool = False


class HandOverAcceptance(Message):
    """The colleague counted what they got."""

    cards: Annotated[int, Field(ge=0, le=100_000), WHOLE]
    applications: Annotated[int, Field(ge=0, le=100_000), WHOLE] = 0


class HandOver(Message):
    """What goes from one officer to another."""

    id: UUID
    state: HandOverState
    from_officer: str
    to_officer: str
    office: str | None = None
    stock_numbers: list[str]
    application_ids: list[UUID]
    offered_at: Timestamp
    decided_at: Timestamp | None = None


class HandOverList(Page):
    """Hand-overs that wait for the officer who asks, or that they offered; newest first."""

    hand_overs: list[HandOver]


class CountRequest(Message):
    """Count the blank cards of an office: the printed numbers that were seen."""

    office: OfficeCode
    seen: list[StockNumber] = Field(max_length=10_000)


class StockCount(Message):
    """A stock-take, and what did not agree."""

    id: UUID
    office: str
    counted_by: str
    counted_at: Timestamp
    expected: int
    seen: int
    missing: list[str]
    """On the books of this office, and not seen."""
    unexpected: list[str]
    """Seen, and not on the books of this office as a blank card."""


class SpoilageRequest(Message):
    """A blank card is no good: misprinted, damaged, suspicious. It is put aside and stays on the books."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINES), TRIMMED]
