"""A kiosk looked after from afar: it reports, is taken out of service and put back, and hears of revocations."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from cardsvc.wire.fleet import Kiosk, KioskState, ReaderCondition
from cardsvc.wire.officers import Role
from tests.integration.kiosk.conftest import PATIENCE, Town


@pytest.fixture
def ana(town: Town) -> ServiceClient:
    return town.city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR, Role.SUPERVISOR])


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it never came so"
        time.sleep(0.05)


def kiosk_1(ana: ServiceClient) -> Kiosk:
    (kiosk,) = ana.kiosks()
    return kiosk


def test_it_says_how_it_is(town: Town, ana: ServiceClient) -> None:
    wait_until(lambda: kiosk_1(ana).report is not None)
    kiosk = kiosk_1(ana)
    assert kiosk.state is KioskState.IN_SERVICE
    assert kiosk.report is not None
    assert kiosk.report.contactless is ReaderCondition.READY
    assert town.station.revocations.read_at == town.clock()


def test_out_of_service_it_lets_nobody_in_and_comes_back_without_anybody_there(town: Town, ana: ServiceClient) -> None:
    visitor = town.visitor()
    town.hold()
    visitor.look("services")
    ana.disable_kiosk("kiosk-1", "the door was forced")
    assert visitor.look("out-of-service")["level"] is None
    begun = len(town.city.audit("authentication"))
    town.take()
    town.hold()
    town.insert()
    wait_until(lambda: visitor.look("out-of-service")["card_inside"])
    assert len(town.city.audit("authentication")) == begun
    town.take()
    ana.enable_kiosk("kiosk-1")
    visitor.look("attract")
    town.hold()
    visitor.look("services")


def test_a_revocation_is_known_and_acknowledged_by_it(town: Town, ana: ServiceClient) -> None:
    ana.hold(town.card.uuid, "odd behaviour")
    town.city.services.postman.round()
    wait_until(lambda: town.station.revocations.turns_away(town.card.uuid))
    wait_until(lambda: ana.revocation_reach().complete == 1)
