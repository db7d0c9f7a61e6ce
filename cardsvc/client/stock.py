"""Blank cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from cardsvc.client.calls import Calls, query_of
from cardsvc.wire.days import OfficeDay
from cardsvc.wire.lifecycle import Card, StockRequest
from cardsvc.wire.stock import (
    Batch,
    BatchRequest,
    CountRequest,
    HandOver,
    HandOverAcceptance,
    HandOverList,
    HandOverRequest,
    SpoilageRequest,
    StockCard,
    StockCount,
    StockList,
)


class StockCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def add_stock(self, stock_number: str, office: str | None = None, product_serial: str | None = None) -> Card:
        """Take a blank card into stock."""
        request = StockRequest(stock_number=stock_number, office=office, product_serial=product_serial)
        return self._post("/v1/stock", request, Card)

    def receive_stock(self, request: BatchRequest) -> Batch:
        """Take a delivery into stock."""
        return self._post("/v1/stock/batches", request, Batch)

    def stock(self, office: str | None = None, custodian: str | None = None) -> Iterator[StockCard]:
        """Blank cards, in one office or one officer's hands if named."""
        return (
            row
            for page in self._pages("/v1/stock", StockList, office=office, custodian=custodian)
            for row in page.cards
        )

    def count_stock(self, office: str, seen: Sequence[str]) -> StockCount:
        """Tell which printed numbers are there; what is missing, and what is too much."""
        return self._post("/v1/stock/counts", CountRequest(office=office, seen=list(seen)), StockCount)

    def office_day(self, day: date, offset_minutes: int = 0) -> OfficeDay:
        """What the officers of one's office did on a day, how its blank cards come out, and what waits now.

        The day begins ``offset_minutes`` before UTC's does.
        """
        return self._get("/v1/office-day" + query_of({"day": day, "offset": offset_minutes}), OfficeDay)

    def spoil(self, card_uuid: UUID, reason: str) -> Card:
        """Put a spoilt blank card aside."""
        return self._post(f"/v1/stock/cards/{card_uuid}/spoil", SpoilageRequest(reason=reason), Card)

    def hand_over(self, request: HandOverRequest) -> HandOver:
        """Offer cards, or the whole shift, to a colleague."""
        return self._post("/v1/stock/hand-overs", request, HandOver)

    def hand_overs(self) -> Iterator[HandOver]:
        """What waits for this officer, and what they offered; newest first."""
        return (row for page in self._pages("/v1/stock/hand-overs", HandOverList) for row in page.hand_overs)

    def accept_hand_over(self, hand_over_id: UUID, cards: int, applications: int = 0) -> HandOver:
        """Take it, having counted so many."""
        request = HandOverAcceptance(cards=cards, applications=applications)
        return self._post(f"/v1/stock/hand-overs/{hand_over_id}/accept", request, HandOver)

    def decline_hand_over(self, hand_over_id: UUID) -> HandOver:
        """Do not take it, or take it back."""
        return self._post(f"/v1/stock/hand-overs/{hand_over_id}/decline", None, HandOver)
