"""Personalisation: writing a reserved card that is in a desk's reader, and giving up one that was begun."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, WebSocket

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.relays import serve_relay
from cardsvc.callers.principal import Principal
from cardsvc.cards.repository import describe
from cardsvc.db import transaction
from cardsvc.issuance import quarantine
from cardsvc.issuance.personalisation import Personalisation
from cardsvc.issuance.relay import Desk
from cardsvc.wire.lifecycle import Card
from cardsvc.wire.relay import Finished, GiveUpRequest, Hello
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/cards/{card_uuid}", tags=["cards"], route_class=OnceRoute)

Personaliser = Annotated[Principal, require(Scope.CARDS_PERSONALISE)]


@router.websocket("/relay")
async def relay(websocket: WebSocket, card_uuid: UUID, services: ServicesDep, actor: Personaliser) -> None:
    """Write the reserved card behind this desk, or go on with the one that was begun."""

    def work(desk: Desk, hello: Hello) -> Finished:
        return Personalisation(services, desk, card_uuid, actor).run(hello)

    seconds = services.settings.relay_command_seconds
    await serve_relay(websocket, work, actor=actor, command_seconds=seconds)


@router.post(
    "/give-up",
    operation_id="giveUpCard",
    summary="Put a card aside that was begun",
    responses=problems(401, 403, 404, 409, 422),
)
def give_up(card_uuid: UUID, request: GiveUpRequest, services: ServicesDep, actor: Personaliser) -> Card:
    """A card that was begun is lost or broken: revoke what was certified. Its application may have another card."""
    with transaction(services.sessions) as session:
        card = quarantine.give_up(session, card_uuid, request.reason, actor=actor, now=services.clock())
        return describe(session, card)
