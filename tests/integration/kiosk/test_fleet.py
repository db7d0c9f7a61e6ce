"""A kiosk looked after from afar: it reports, is taken out of service and put back, and hears of revocations."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from cardsvc.wire.fleet import DepartmentPlace, FleetPlanTerms, Kiosk, KioskSettings, KioskState, ReaderCondition
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from cardsvc.wire.officers import Role
from kiosk.catalogue import DepartmentAddress
from kiosk.offline.stand_by import OfflineEquipment
from kiosk.reader_names import CONTACT, CONTACTLESS, ReaderSource
from kiosk.station import Equipment, Station
from kiosk.visit.acts import Finished, ServiceChosen
from kiosk.visit.events import Authenticated, Tapped
from kiosk.visit.screens import Attract, OutOfService
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


def language(station: Station) -> str:
    return station.booth.snapshot.state.language.value


def offering(station: Station) -> set[str]:
    return {offer.department for offer in station.booth.snapshot.state.offers}


def publish(ana: ServiceClient, bo: ServiceClient, *departments: DepartmentAddress, **settings: object) -> int:
    places = [DepartmentPlace(code=one.code, base_url=one.base_url) for one in departments]
    terms = FleetPlanTerms(departments=places, settings=KioskSettings.model_validate(settings))
    draft = ana.draft_fleet_plan(terms, "as tested")
    assert draft.approval is not None
    bo.approve_request(draft.approval.id)
    return ana.publish_fleet_plan(draft.id).version


def test_it_offers_and_behaves_as_the_plan_says_and_no_visit_is_lost(town: Town, ana: ServiceClient) -> None:
    bo = town.city.caller("bo", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    held, inserted = (ReaderSource.of(role, f"slot:{town.folder / 'none'}", None) for role in (CONTACTLESS, CONTACT))
    (medical,) = town.station._equipment.addresses
    with Station(Equipment(town.city.caller("kiosk-2"), held, inserted, clock=town.clock)) as station:
        wait_until(lambda: station.booth.snapshot.state.offers == ())
        publish(ana, bo, medical, language="pt", idle_seconds=33)
        wait_until(lambda: medical.code in offering(station))
        assert language(station) == Language.PORTUGUESE
        who = Authenticated(uuid4(), Level.TAP, "token", town.clock() + timedelta(minutes=5))
        station.booth.send(Tapped(who))
        state = station.booth.send(ServiceChosen(medical.code, "clinic-check-in")).state
        assert state.deadline == town.clock() + timedelta(seconds=33)
        version = publish(ana, bo, language="zh-Hans")
        wait_until(lambda: medical.code not in offering(station))
        after = station.booth.snapshot.state
        assert (after.screen, after.visit, after.language) == (state.screen, state.visit, Language.PORTUGUESE)
        station.booth.send(Finished())
        assert language(station) == Language.CHINESE
        wait_until(lambda: [kiosk.report and kiosk.report.plan_version for kiosk in ana.kiosks()] == [version] * 2)
    assert town.station.booth.snapshot.state.offers  # this one was told its departments on the command line


def test_a_kiosk_that_was_disabled_serves_nobody_after_a_start_without_a_network_either(
    town: Town, ana: ServiceClient
) -> None:
    held, inserted = (ReaderSource.of(role, f"slot:{town.folder / 'none'}", None) for role in (CONTACTLESS, CONTACT))
    folder = town.folder / "offline"
    folder.mkdir()
    client = town.city.caller("kiosk-2")
    ana.disable_kiosk("kiosk-2", "the door was forced")
    with Station(Equipment(client, held, inserted, offline=OfflineEquipment(folder, client))) as station:
        wait_until(lambda: isinstance(station.booth.snapshot.state.screen, OutOfService))
    cut_off = ServiceClient("http://127.0.0.1:9", "kiosk-2", town.city.keys["kiosk-2"])
    with cut_off, Station(Equipment(cut_off, held, inserted, offline=OfflineEquipment(folder, cut_off))) as station:
        assert isinstance(station.booth.snapshot.state.screen, OutOfService)
    ana.enable_kiosk("kiosk-2")
    with Station(Equipment(client, held, inserted, offline=OfflineEquipment(folder, client))) as station:
        wait_until(lambda: isinstance(station.booth.snapshot.state.screen, Attract))


def test_a_revocation_is_known_and_acknowledged_by_it(town: Town, ana: ServiceClient) -> None:
    ana.hold(town.card.uuid, "odd behaviour")
    town.city.services.postman.round()
    wait_until(lambda: town.station.revocations.turns_away(town.card.uuid))
    wait_until(lambda: ana.revocation_reach().complete == 1)
