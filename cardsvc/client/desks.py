"""What desks do with cards in their readers. The relays themselves are WebSockets, which a desk opens."""

from __future__ import annotations

from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire.lifecycle import Card
from cardsvc.wire.relay import GiveUpRequest, OpenUnblocking


class DeskCalls(Calls):
    """The calls of a desk."""

    def give_up(self, card_uuid: UUID, reason: str) -> Card:
        """Put a card aside that was begun and cannot be gone on with; its application can have another one."""
        return self._post(f"/v1/cards/{card_uuid}/give-up", GiveUpRequest(reason=reason), Card)

    def unblock(self, card_uuid: UUID) -> OpenUnblocking:
        """Use the grant to unblock a card; the relay then does it."""
        return self._post(f"/v1/cards/{card_uuid}/unblock", None, OpenUnblocking)

    def relay_url(self, card_uuid: UUID) -> str:
        """Where the WebSocket is over which the service writes a card."""
        return f"{self._socket_url(card_uuid)}/relay"

    def unblocking_relay_url(self, card_uuid: UUID) -> str:
        """Where the WebSocket is over which the service unblocks a card."""
        return f"{self._socket_url(card_uuid)}/unblock/relay"

    def relay_headers(self) -> dict[str, str]:
        """What to open that WebSocket with. Holds a token: not to be logged."""
        return {"Authorization": f"Bearer {self.access_token()}"}

    def _socket_url(self, card_uuid: UUID) -> str:
        return f"ws{self.base_url.removeprefix('http')}/v1/cards/{card_uuid}"
