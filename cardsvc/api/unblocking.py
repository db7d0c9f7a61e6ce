"""Unblocking a card whose PIN is forgotten or blocked: with a grant of two people, over a relay."""

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
from cardsvc.db import transaction
from cardsvc.issuance.relay import Desk
from cardsvc.issuance.unblocking import Unblocker, open_unblocking
from cardsvc.wire.relay import Finished, Hello, OpenUnblocking
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/cards/{card_uuid}/unblock", tags=["cards"], route_class=OnceRoute)

Personaliser = Annotated[Principal, require(Scope.CARDS_PERSONALISE)]


@router.post(
    "",
    status_code=201,
    operation_id="unblockCard",
    summary="Begin to unblock a card",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def begin(card_uuid: UUID, services: ServicesDep, actor: Personaliser) -> OpenUnblocking:
    """Use the grant that two officers gave. Until it ends, this caller may unblock the card over the relay."""
    with transaction(services.sessions) as session:
        opened = open_unblocking(session, card_uuid, actor=actor, now=services.clock())
        return OpenUnblocking(card_uuid=card_uuid, expires_at=opened.expires_at)


@router.websocket("/relay")
async def relay(websocket: WebSocket, card_uuid: UUID, services: ServicesDep, actor: Personaliser) -> None:
    """Unblock the card behind this desk. What broke off is tried again by opening the relay again."""

    def work(desk: Desk, hello: Hello) -> Finished:
        return Unblocker(services, desk, card_uuid, actor).run(hello)

    seconds = services.settings.relay_command_seconds
    await serve_relay(websocket, work, actor=actor, command_seconds=seconds)
