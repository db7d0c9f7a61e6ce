"""Challenges in stock: fresh, used once, the oldest first."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.levels import Level
from kiosk.challenges import ChallengeStock
from tests.fixtures.services import StandingClock


class Service:
    """Gives challenges of five minutes."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        self.numbers = count()
        self.requests: list[int] = []
        self.away = False

    def challenges(self, level: Level, count: int = 1) -> list[Challenge]:
        if self.away:
            raise ServiceUnreachable
        self.requests.append(count)
        return [
            Challenge(
                handle=f"challenge-{next(self.numbers)}",
                challenge=bytes(32),
                issuer="https://cards.test",
                level=level,
                client_id="kiosk-1",
                audience="kiosk-1",
                expires_at=self.clock() + timedelta(minutes=5),
            )
            for _ in range(count)
        ]


@pytest.fixture
def service(clock: StandingClock) -> Service:
    return Service(clock)


@pytest.fixture
def stock(service: Service, clock: StandingClock) -> ChallengeStock:
    return ChallengeStock(service, Level.TAP, clock, size=3)


def test_it_fills_up_to_its_size_and_no_further(stock: ChallengeStock, service: Service) -> None:
    stock.fill()
    stock.take()
    stock.fill()
    stock.fill()
    assert service.requests == [3, 1]


def test_each_is_taken_once_the_oldest_first(stock: ChallengeStock) -> None:
    stock.fill()
    assert [stock.take().handle for _ in range(3)] == ["challenge-0", "challenge-1", "challenge-2"]


def test_a_full_stock_needs_nobody(stock: ChallengeStock, service: Service) -> None:
    stock.fill()
    service.away = True
    assert stock.take().level is Level.TAP


def test_an_empty_stock_asks_at_once(stock: ChallengeStock, service: Service) -> None:
    assert stock.take().handle == "challenge-0"
    service.away = True
    with pytest.raises(ServiceUnreachable):
        stock.take()


def test_one_that_expires_soon_is_not_used(stock: ChallengeStock, clock: StandingClock) -> None:
    stock.fill()
    clock.advance(seconds=269)
    assert len(stock) == 3
    clock.advance(seconds=1)
    assert len(stock) == 0
    assert stock.take().handle == "challenge-3"


def test_it_says_when_it_grows_old(stock: ChallengeStock, clock: StandingClock) -> None:
    assert stock.fill() == pytest.approx(270)
    clock.advance(seconds=100)
    assert stock.fill() == pytest.approx(170)
