"""Cards, for officers and desks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.callers.principal import Principal
from cardsvc.cards import service as cards
from cardsvc.cards.activation import activate as activate_card
from cardsvc.cards.collecting import show_proxy
from cardsvc.cards.models import Card as Row
from cardsvc.cards.repository import describe
from cardsvc.citizens.looking import look_at_card
from cardsvc.db import in_transaction
from cardsvc.errors import ServiceError
from cardsvc.services import Services
from cardsvc.wire.lifecycle import (
    ActivationRequest,
    Card,
    DeliveryRequest,
    DestructionRequest,
    HoldRequest,
    Proxy,
    RevocationRequest,
)
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/cards", tags=["cards"], route_class=OnceRoute)

Deliverer = Annotated[Principal, require(Scope.CARDS_DELIVER)]
Revoker = Annotated[Principal, require(Scope.CARDS_REVOKE)]


@router.get("/{card_uuid}", operation_id="getCard", summary="Look at a card", responses=problems(401, 403, 404, 422))
def read(card_uuid: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_READ)]) -> Card:
    """A card and its history; nothing of the person, who can see that it was looked at."""
    return _done(services, lambda session: look_at_card(session, card_uuid, actor=actor, now=services.clock()))


@router.post(
    "/{card_uuid}/release",
    operation_id="releaseCard",
    summary="Give a reserved card back to stock",
    responses=problems(401, 403, 404, 409, 422),
)
def release(
    card_uuid: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_PERSONALISE)]
) -> Card:
    """Its application is approved still: reserve another card for it."""
    return _done(services, lambda session: cards.release(session, card_uuid, actor=actor, now=services.clock()))


@router.post(
    "/{card_uuid}/deliver",
    operation_id="deliverCard",
    summary="Hand over a card",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def deliver(card_uuid: UUID, services: ServicesDep, actor: Deliverer, request: DeliveryRequest | None = None) -> Card:
    """Hand a sealed card to its citizen, or to somebody who collects it for them."""
    proxy = None if request is None else request.proxy
    return _done(
        services,
        lambda session: cards.deliver(session, services.keystore, card_uuid, proxy, actor=actor, now=services.clock()),
    )


@router.get(
    "/{card_uuid}/proxy",
    operation_id="getProxy",
    summary="Who collected a card for its citizen",
    responses=problems(401, 403, 404, 410, 422),
)
def read_proxy(
    card_uuid: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.PEOPLE_READ)]
) -> Proxy:
    """The look is recorded."""
    return in_transaction(
        services.sessions,
        lambda session: show_proxy(session, services.keystore, card_uuid, actor=actor, now=services.clock()),
    )


@router.post(
    "/{card_uuid}/activate",
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
    """Put a delivered card into force with a proof made with the citizen's own PIN. The card before it is revoked."""

    def work(session: Session) -> Card | ServiceError:
        outcome = activate_card(session, services.proofs, card_uuid, request.proof, actor=actor, now=services.clock())
        return outcome if isinstance(outcome, ServiceError) else describe(session, outcome)

    outcome = in_transaction(services.sessions, work)
    if isinstance(outcome, ServiceError):
        raise outcome.recorded()  # only now: it is committed
    return outcome


@router.post(
    "/{card_uuid}/hold",
    operation_id="holdCard",
    summary="Stop a card for now",
    responses=problems(401, 403, 404, 409, 422),
)
def hold(
    card_uuid: UUID, request: HoldRequest, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_HOLD)]
) -> Card:
    """Something is wrong with it. Two officers reinstate it."""
    return _done(
        services, lambda session: cards.hold(session, card_uuid, request.reason, actor=actor, now=services.clock())
    )


@router.post(
    "/{card_uuid}/reinstate",
    operation_id="reinstateCard",
    summary="Put a held card into force again",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def reinstate(card_uuid: UUID, services: ServicesDep, actor: Revoker) -> Card:
    """It was lost and found, or suspected and cleared. Uses up an approval of kind ``reinstatement``."""
    return _done(services, lambda session: cards.reinstate(session, card_uuid, actor=actor, now=services.clock()))


@router.post(
    "/{card_uuid}/return",
    operation_id="returnCard",
    summary="Take a temporary card back",
    responses=problems(401, 403, 404, 409, 422),
)
def give_back(card_uuid: UUID, services: ServicesDep, actor: Deliverer) -> Card:
    """It is revoked, and the card that was forgotten is in force again."""
    return _done(
        services, lambda session: cards.return_temporary(session, card_uuid, actor=actor, now=services.clock())
    )


@router.post(
    "/{card_uuid}/revoke",
    operation_id="revokeCard",
    summary="Withdraw a card for good",
    responses=problems(401, 403, 404, 409, 422),
)
def revoke(card_uuid: UUID, request: RevocationRequest, services: ServicesDep, actor: Revoker) -> Card:
    """Withdraw a card for good, with its certificates and open visits."""
    return _done(
        services, lambda session: cards.revoke(session, card_uuid, request.reason, actor=actor, now=services.clock())
    )


@router.post(
    "/{card_uuid}/destroy",
    operation_id="destroyCard",
    summary="Note that a card was destroyed",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def destroy(
    card_uuid: UUID,
    request: DestructionRequest,
    services: ServicesDep,
    actor: Annotated[Principal, require(Scope.STOCK_WRITE)],
) -> Card:
    """A card that is over was shredded. One that was put aside needs an approval of kind ``stock-write-off``."""
    return _done(
        services, lambda session: cards.destroy(session, card_uuid, request.reason, actor=actor, now=services.clock())
    )


def _done(services: Services, work: Callable[[Session], Row]) -> Card:
    return in_transaction(services.sessions, lambda session: describe(session, work(session)))
