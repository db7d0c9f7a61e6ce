"""Blank cards, for officers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.cards.repository import describe
from cardsvc.db import in_transaction, reading
from cardsvc.stock import handing
from cardsvc.stock import service as stock
from cardsvc.stock.repository import (
    describe_batch,
    describe_card,
    describe_count,
    describe_hand_over,
    hand_overs_of,
    list_stock,
)
from cardsvc.wire.lifecycle import Card, StockRequest
from cardsvc.wire.scopes import Scope
from cardsvc.wire.stock import (
    Batch,
    BatchRequest,
    CountRequest,
    HandOver,
    HandOverAcceptance,
    HandOverList,
    HandOverRequest,
    OfficeCode,
    SpoilageRequest,
    StockCount,
    StockList,
)

router = APIRouter(prefix="/v1/stock", tags=["stock"], route_class=OnceRoute)

Keeper = Annotated[Principal, require(Scope.STOCK_WRITE)]
Printer = Annotated[Principal, require(Scope.STOCK_WRITE, Scope.CARDS_PERSONALISE)]
Clerk = Annotated[Principal, require(Scope.STOCK_WRITE, Scope.APPLICATIONS_WRITE)]


@router.post(
    "",
    status_code=201,
    operation_id="addStock",
    summary="Take a blank card into stock",
    responses=problems(401, 403, 409, 422),
)
def add_stock(request: StockRequest, services: ServicesDep, actor: Keeper) -> Card:
    """Take one blank card into stock by its printed number."""
    return in_transaction(
        services.sessions,
        lambda session: describe(session, stock.add_card(session, request, actor=actor, now=services.clock())),
    )


@router.get("", operation_id="listStock", summary="Blank cards", responses=problems(401, 403, 422))
def read_all(
    services: ServicesDep,
    _actor: Clerk,
    paging: PagingDep,
    office: Annotated[OfficeCode | None, Query(description="Only those of this office.")] = None,
    custodian: Annotated[str | None, Query(description="Only those in this officer's hands.", max_length=64)] = None,
) -> StockList:
    """By their printed numbers."""
    with reading(services.sessions) as session:
        page = list_stock(session, office, custodian, paging.wanted)
        return StockList(cards=[describe_card(row) for row in page.rows], next=paging.link(page.next))


@router.post(
    "/batches",
    status_code=201,
    operation_id="receiveStock",
    summary="Take a delivery into stock",
    responses=problems(401, 403, 409, 422),
)
def receive(request: BatchRequest, services: ServicesDep, actor: Keeper) -> Batch:
    """Every printed number of a range, at most a thousand: all of them or none."""
    return in_transaction(
        services.sessions,
        lambda session: describe_batch(stock.add_batch(session, request, actor=actor, now=services.clock())),
    )


@router.post(
    "/counts",
    status_code=201,
    operation_id="countStock",
    summary="Count the blank cards of an office",
    responses=problems(401, 403, 422),
)
def count(request: CountRequest, services: ServicesDep, actor: Keeper) -> StockCount:
    """What is missing and what is too much."""
    return in_transaction(
        services.sessions,
        lambda session: describe_count(
            stock.count(session, request.office, request.seen, actor=actor, now=services.clock())
        ),
    )


@router.post(
    "/cards/{card_uuid}/spoil",
    operation_id="spoilCard",
    summary="Put a spoilt blank card aside",
    responses=problems(401, 403, 404, 409, 422),
)
def spoil(card_uuid: UUID, request: SpoilageRequest, services: ServicesDep, actor: Printer) -> Card:
    """Misprinted, damaged, suspicious: it stays on the books. Reserve another one for its application."""
    return in_transaction(
        services.sessions,
        lambda session: describe(
            session, stock.spoil(session, card_uuid, request.reason, actor=actor, now=services.clock())
        ),
    )


@router.post(
    "/hand-overs",
    status_code=201,
    operation_id="offerHandOver",
    summary="Hand cards, or the whole shift, to a colleague",
    responses=problems(401, 403, 404, 409, 422),
)
def offer(request: HandOverRequest, services: ServicesDep, actor: Clerk) -> HandOver:
    """Until the colleague accepts, whoever hands over answers for them."""
    return in_transaction(
        services.sessions,
        lambda session: describe_hand_over(session, handing.offer(session, request, actor=actor, now=services.clock())),
    )


@router.get(
    "/hand-overs",
    operation_id="listHandOvers",
    summary="Hand-overs that wait for the caller, or that they offered",
    responses=problems(401, 403, 422),
)
def read_hand_overs(services: ServicesDep, actor: Clerk, paging: PagingDep) -> HandOverList:
    """Newest first."""
    with reading(services.sessions) as session:
        page = hand_overs_of(session, actor.client_id, paging.wanted)
        shown = [describe_hand_over(session, row) for row in page.rows]
        return HandOverList(hand_overs=shown, next=paging.link(page.next))


@router.post(
    "/hand-overs/{hand_over_id}/accept",
    operation_id="acceptHandOver",
    summary="Take what a colleague hands over",
    responses=problems(401, 403, 404, 409, 422),
)
def accept(hand_over_id: UUID, request: HandOverAcceptance, services: ServicesDep, actor: Clerk) -> HandOver:
    """After counting: the counts must agree."""
    return in_transaction(
        services.sessions,
        lambda session: describe_hand_over(
            session, handing.accept(session, hand_over_id, request, actor=actor, now=services.clock())
        ),
    )


@router.post(
    "/hand-overs/{hand_over_id}/decline",
    operation_id="declineHandOver",
    summary="Do not take it, or take it back",
    responses=problems(401, 403, 404, 409, 422),
)
def decline(hand_over_id: UUID, services: ServicesDep, actor: Clerk) -> HandOver:
    """By the colleague it is for, or by whoever offered it."""
    return in_transaction(
        services.sessions,
        lambda session: describe_hand_over(
            session, handing.decline(session, hand_over_id, actor=actor, now=services.clock())
        ),
    )
