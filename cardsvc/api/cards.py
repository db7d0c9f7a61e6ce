"""Stock and cards, for officers and desks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.callers.scopes import Scope
from cardsvc.cards import service as cards
from cardsvc.cards.activation import activate as activate_card
from cardsvc.cards.repository import describe, get_card
from cardsvc.db import reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.wire.lifecycle import ActivationRequest, Card, RevocationRequest, StockRequest

router = APIRouter(prefix="/v1", tags=["cards"])


@router.post(
    "/stock",
    status_code=201,
    operation_id="addStock",
    summary="Take a blank card into stock",
    responses=problems(401, 403, 409, 422),
)
def add_stock(
    request: StockRequest, services: ServicesDep, actor: Annotated[Principal, require(Scope.STOCK_WRITE)]
) -> Card:
    """Take a blank card into stock by its printed number."""
    with transaction(services.sessions) as session:
        return describe(session, cards.add_stock(session, request.stock_number, actor=actor, now=services.clock()))


@router.get(
    "/cards/{card_uuid}", operation_id="getCard", summary="Look at a card", responses=problems(401, 403, 404, 422)
)
def read(card_uuid: UUID, services: ServicesDep, _actor: Annotated[Principal, require(Scope.CARDS_READ)]) -> Card:
    """A card and its history; nothing of the person."""
    with reading(services.sessions) as session:
        return describe(session, get_card(session, card_uuid))


@router.post(
    "/cards/{card_uuid}/release",
    operation_id="releaseCard",
    summary="Give a reserved card back to stock",
    responses=problems(401, 403, 404, 409, 422),
)
def release(
    card_uuid: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_PERSONALISE)]
) -> Card:
    """Its application is approved still: reserve another card for it."""
    with transaction(services.sessions) as session:
        return describe(session, cards.release(session, card_uuid, actor=actor, now=services.clock()))


@router.post(
    "/cards/{card_uuid}/deliver",
    operation_id="deliverCard",
    summary="Hand over a card",
    responses=problems(401, 403, 404, 409, 422),
)
def deliver(card_uuid: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_DELIVER)]) -> Card:
    """Hand a sealed card to its citizen."""
    with transaction(services.sessions) as session:
        return describe(session, cards.deliver(session, card_uuid, actor=actor, now=services.clock()))


@router.post(
    "/cards/{card_uuid}/activate",
    operation_id="activateCard",
    summary="Put a card into force",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def activate(
    card_uuid: UUID,
    request: ActivationRequest,
    services: ServicesDep,
    actor: Annotated[Principal, require(Scope.CARDS_ACTIVATE)],
) -> Card:
    """Put a delivered card into force with a proof made with the citizen's own PIN."""
    with transaction(services.sessions) as session:
        outcome = activate_card(session, services.proofs, card_uuid, request.proof, actor=actor, now=services.clock())
        if not isinstance(outcome, ServiceError):
            return describe(session, outcome)
    raise outcome.recorded()  # only now: it is committed


@router.post(
    "/cards/{card_uuid}/revoke",
    operation_id="revokeCard",
    summary="Withdraw a card for good",
    responses=problems(401, 403, 404, 409, 422),
)
def revoke(
    card_uuid: UUID,
    request: RevocationRequest,
    services: ServicesDep,
    actor: Annotated[Principal, require(Scope.CARDS_REVOKE)],
) -> Card:
    """Withdraw a card for good, with its certificates and open visits."""
    with transaction(services.sessions) as session:
        return describe(session, cards.revoke(session, card_uuid, request.reason, actor=actor, now=services.clock()))
