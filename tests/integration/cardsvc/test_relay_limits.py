"""What one desk may take of the service's relays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from cardsvc.api import relays
from cardsvc.api.relays import MAX_RELAYS_OF_ONE
from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.problems import Problem
from kiosk.desk.relay import RelayBroken, RelayRefused, relay_personalisation
from readers.connection import CardConnection
from tests.fixtures.issuance import card_in_reader, reserve
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City

OpenDesk = Callable[[str], ServiceClient]
OpenRelay = Callable[[ServiceClient], ClientConnection]


@pytest.fixture
def open_desk(sqlite_city: City) -> Iterator[OpenDesk]:
    with serving(create_app(sqlite_city.services)) as url, ExitStack() as desks:

        def opening(name: str) -> ServiceClient:
            sqlite_city.caller(name, CallerKind.DESK)
            key = sqlite_city.keys[name]
            return desks.enter_context(ServiceClient(url, name, key, issuer=BASE_URL, clock=sqlite_city.clock))

        yield opening


@pytest.fixture
def open_relay() -> Iterator[OpenRelay]:
    """Relays on which the desk says nothing."""
    with ExitStack() as sockets:

        def opening(desk: ServiceClient) -> ClientConnection:
            url, headers = desk.relay_url(uuid4()), desk.relay_headers()
            return sockets.enter_context(connect(url, additional_headers=headers, proxy=None))

        yield opening


def test_one_desk_cannot_take_everybodys_turn(open_desk: OpenDesk, open_relay: OpenRelay) -> None:
    greedy, other = open_desk("desk-1"), open_desk("desk-2")
    taken = [open_relay(greedy) for _ in range(MAX_RELAYS_OF_ONE)]
    with pytest.raises(InvalidStatus) as refused:
        open_relay(greedy)
    assert refused.value.response.status_code == 409
    assert Problem.model_validate_json(refused.value.response.body or b"").code == "desk-busy"
    open_relay(other)
    taken[0].close()
    wait_for_a_turn(greedy, open_relay)


def wait_for_a_turn(desk: ServiceClient, open_relay: OpenRelay) -> None:
    """The service hears of the closed socket in its own time; the test's time-out bounds the wait."""
    while True:
        try:
            open_relay(desk)
        except InvalidStatus:
            continue
        return


class Slow:
    """A card that takes its time over every command, and never too long."""

    def __init__(self, inner: CardConnection) -> None:
        self._inner = inner
        self.atr, self.contactless, self.reset = inner.atr, inner.contactless, inner.reset
        self.transaction, self.close = inner.transaction, inner.close

    def transmit(self, command: bytes) -> bytes:
        time.sleep(0.2)
        return self._inner.transmit(command)


def test_a_card_that_takes_for_ever_gives_its_turn_back(
    open_desk: OpenDesk, sqlite_city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "LONGEST_SECONDS", 0.5)
    desk, card_uuid = open_desk("desk-1"), reserve(sqlite_city.services)
    with card_in_reader(tmp_path) as blank, pytest.raises((RelayBroken, RelayRefused)):
        relay_personalisation(desk, card_uuid, Slow(blank))
    assert sqlite_city.audit("card.personalise")[-1].outcome == "desk-gone"
    assert desk.card(card_uuid).state is CardState.RESERVED
