"""Kiosks as machines, on both databases: heard from, listed, counted, taken out of service and put back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from cardsvc.authentication.visits import end_visit, keep_visit
from cardsvc.callers.errors import KioskDisabled
from cardsvc.callers.models import CallerKind
from cardsvc.cards.own import own_cards
from cardsvc.client import ServiceClient
from cardsvc.db import transaction
from cardsvc.fleet.models import Kiosk as KioskRow
from cardsvc.issuance.rules import Rules
from cardsvc.metrics import registry_of
from cardsvc.wire.fleet import Heartbeat, Kiosk, KioskRequest, KioskState, ReaderCondition
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from tests.fixtures.access import GUARDED, call, name_of, token_for
from tests.fixtures.access_table import ROWS
from tests.fixtures.proofs import City
from tests.fixtures.refusals import refused
from tests.fixtures.webhooks import Outbox

REPORT = "POST /v1/kiosks/heartbeat"
KIOSKS_ROUTES = [route for route in GUARDED if "kiosk" in ROWS[name_of(route)].others.split()]


@pytest.fixture
def ana(city: City) -> ServiceClient:
    return city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])


def heartbeat(city: City, **changed: Any) -> Heartbeat:
    ready = ReaderCondition.READY
    said = {"software": "1.2.3", "sent_at": city.clock(), "contactless": ready, "contact": ready}
    return Heartbeat.model_validate(said | changed)


def standing(ana: ServiceClient) -> dict[str, KioskState]:
    return {kiosk.client_id: kiosk.state for kiosk in ana.kiosks()}


def only(ana: ServiceClient) -> Kiosk:
    (kiosk,) = ana.kiosks()
    return kiosk


def test_what_a_kiosk_says_of_itself_is_seen(city: City, ana: ServiceClient) -> None:
    kiosk = city.caller("kiosk-1")
    ahead = city.clock() + timedelta(seconds=90)
    said = heartbeat(city, sent_at=ahead, contact=ReaderCondition.OUT_OF_ORDER, journal_entries=7, card_left_age=70)
    pulse = kiosk.report(said)
    assert (pulse.now, pulse.disabled, pulse.newest_revocation) == (city.clock(), False, None)
    seen = only(ana)
    assert (seen.state, seen.last_seen_at, seen.clock_ahead) == (KioskState.IN_SERVICE, city.clock(), 90)
    assert seen.report == said
    city.clock.advance(seconds=5)
    kiosk.report(heartbeat(city))
    assert (only(ana).last_seen_at, only(ana).clock_ahead) == (city.clock(), 0)


def test_what_a_kiosk_said_to_another_version_of_ours_does_not_hide_it(city: City, ana: ServiceClient) -> None:
    city.caller("kiosk-1").report(heartbeat(city))
    with transaction(city.services.sessions) as session:
        session.scalars(select(KioskRow)).one().report = {"software": "0.1", "mood": "fine"}
    assert (only(ana).state, only(ana).report) == (KioskState.IN_SERVICE, None)


def test_how_kiosks_stand(city: City, ana: ServiceClient) -> None:
    kiosks = [city.caller(f"kiosk-{number}") for number in range(1, 5)]
    ana.add_kiosk(KioskRequest(client_id="kiosk-5", title="Library"))
    for kiosk in kiosks[:3]:
        kiosk.report(heartbeat(city))
    ana.disable_kiosk("kiosk-2", "moved")
    ana.disable_caller("kiosk-3")
    assert standing(ana) == {
        "kiosk-1": KioskState.IN_SERVICE,
        "kiosk-2": KioskState.OUT_OF_SERVICE,
        "kiosk-3": KioskState.SHUT_OUT,
        "kiosk-4": KioskState.SILENT,
        "kiosk-5": KioskState.AWAITED,
    }
    city.clock.advance(seconds=31)
    assert standing(ana)["kiosk-1"] is KioskState.SILENT
    assert [kiosk.code_expires_at is not None for kiosk in ana.kiosks()] == [False, False, False, False, True]
    numbers = {
        (sample.name, sample.labels.get("state")): sample.value
        for family in text_string_to_metric_families(
            generate_latest(registry_of(city.services.sessions, city.clock)).decode()
        )
        for sample in family.samples
        if sample.name.startswith("cardsvc_kiosk")
    }
    assert numbers == {
        ("cardsvc_kiosks", "in-service"): 0,
        ("cardsvc_kiosks", "out-of-service"): 1,
        ("cardsvc_kiosks", "shut-out"): 1,
        ("cardsvc_kiosks", "silent"): 2,
        ("cardsvc_kiosks", "awaited"): 1,
        ("cardsvc_kiosk_oldest_heartbeat_seconds", None): 31,
    }


def test_the_list_comes_in_pages(city: City, ana: ServiceClient) -> None:
    for number in range(3):
        city.caller(f"kiosk-{number}")
    first = city.http().get("/v1/kiosks?limit=2", headers={"Authorization": f"Bearer {ana.access_token()}"}).json()
    assert [kiosk["client_id"] for kiosk in first["kiosks"]] == ["kiosk-0", "kiosk-1"]
    assert first["next"] is not None


def test_a_disabled_kiosk_may_report_and_nothing_else_at_its_next_request(city: City, ana: ServiceClient) -> None:
    """With a token from before, and with one from after; and with either everything, once it is enabled."""
    kiosk = city.caller("kiosk-1")
    early = token_for(city, "kiosk-1")
    before = {name_of(route): call(city, route, early) for route in GUARDED}
    assert {name for name, (_, code) in before.items() if code not in ("insufficient-scope", "kiosk-disabled")} >= {
        name_of(route) for route in KIOSKS_ROUTES
    }
    ana.disable_kiosk("kiosk-1", "the door was forced")
    for token in (early, token_for(city, "kiosk-1"), city.client("kiosk-1").access_token()):
        for route in GUARDED:
            status, code = call(city, route, token)
            name = name_of(route)
            if name == REPORT:
                assert (status, code) == (422, "invalid-request"), name  # it got as far as its body, which is empty
            elif route in KIOSKS_ROUTES:
                assert (status, code) == (403, "kiosk-disabled"), name
            else:
                assert (status, code) == (403, "insufficient-scope"), name
    assert kiosk.report(heartbeat(city)).disabled
    ana.enable_kiosk("kiosk-1")
    assert not kiosk.report(heartbeat(city)).disabled
    assert {name_of(route): call(city, route, early) for route in GUARDED} == before


def test_a_visit_of_a_disabled_kiosk_goes_no_further(city: City, ana: ServiceClient) -> None:
    city.department()
    kiosk, card = city.caller("kiosk-1"), city.card()
    first, second = kiosk.challenges(Level.TAP, 2)
    visit = kiosk.authenticate(card.prove(first))
    ana.disable_kiosk("kiosk-1", "the door was forced")
    disabled = ("kiosk-disabled", 400)
    assert refused(lambda: kiosk.exchange(visit.visit_token, "medical-insurance", "clinic-check-in")) == disabled
    assert refused(lambda: kiosk.authenticate(card.prove(second))) == ("kiosk-disabled", 403)
    assert refused(lambda: kiosk.challenges(Level.TAP)) == ("kiosk-disabled", 403)
    ana.enable_kiosk("kiosk-1")
    assert kiosk.exchange(visit.visit_token, "medical-insurance", "clinic-check-in")


def test_who_disabled_it_and_why_is_seen_until_it_is_enabled(city: City, ana: ServiceClient) -> None:
    city.caller("kiosk-1")
    told = ana.disable_kiosk("kiosk-1", "the door was forced")
    at = city.clock()
    city.clock.advance(hours=1)
    assert ana.disable_kiosk("kiosk-1", "another reason") == told
    assert (told.disabled_at, told.disabled_by, told.disabled_reason) == (at, "ana", "the door was forced")
    again = ana.enable_kiosk("kiosk-1")
    assert (again.disabled_at, again.disabled_by, again.disabled_reason) == (None, None, None)
    ana.enable_kiosk("kiosk-1")
    for event in ("kiosk.disable", "kiosk.enable"):
        assert [(entry.actor, entry.detail["client_id"]) for entry in city.audit(event)] == [("ana", "kiosk-1")]


def test_only_what_was_enrolled_and_is_not_shut_out_is_disabled(city: City, ana: ServiceClient) -> None:
    ana.add_kiosk(KioskRequest(client_id="kiosk-5", title="Library"))
    city.caller("kiosk-1")
    ana.disable_caller("kiosk-1")
    assert refused(lambda: ana.disable_kiosk("kiosk-5", "x")) == ("kiosk-unknown", 404)
    assert refused(lambda: ana.disable_kiosk("ana", "x")) == ("kiosk-unknown", 404)
    assert refused(lambda: ana.disable_kiosk("kiosk-1", "x")) == ("caller-disabled", 409)
    assert refused(lambda: ana.enable_kiosk("kiosk-1")) == ("caller-disabled", 409)


def test_a_kiosk_out_of_service_has_to_know_of_no_revocation(outbox: Outbox) -> None:
    """It lets nobody in. Back in service, it has to."""
    pulse = outbox.kiosk.report(heartbeat(outbox.city))
    outbox.revoke(outbox.city.card())
    outbox.postman.round()
    told = outbox.kiosk.report(heartbeat(outbox.city)).newest_revocation
    assert pulse.newest_revocation is None
    assert [one.id for one in outbox.kiosk.revocations()] == [told]
    assert outbox.ana.revocation_reach().complete == 0
    outbox.ana.disable_kiosk("kiosk-1", "moved")
    assert outbox.ana.revocation_reach().complete == 1
    outbox.ana.enable_kiosk("kiosk-1")
    assert outbox.ana.revocation_reach().complete == 0


@pytest.mark.parametrize("member", ["plan_version", "offers_age", "revocations_age", "journal_entries"])
def test_a_count_that_no_kiosk_comes_to_is_refused(sqlite_city: City, member: str) -> None:
    kiosk = sqlite_city.caller("kiosk-1")
    said = heartbeat(sqlite_city).model_copy(update={member: 1 << 53})
    assert refused(lambda: kiosk.report(said)) == ("invalid-request", 422)
    kiosk.report(said.model_copy(update={member: (1 << 53) - 1}))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_kiosk_with_a_clock_far_from_ours_is_listed(sqlite_city: City, moment: str) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    sqlite_city.caller("kiosk-1").report(heartbeat(sqlite_city, sent_at=datetime.fromisoformat(moment)))
    assert only(ana).state is KioskState.IN_SERVICE


def test_what_was_on_its_way_when_the_kiosk_was_disabled_goes_no_further(city: City, ana: ServiceClient) -> None:
    """It had been let in; its work comes after the disabling."""
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.PIN)
    token = kiosk.authenticate(card.prove(challenge)).visit_token
    about: dict[str, Any] = {"actor": city.principal("kiosk-1"), "now": city.clock()}
    ana.disable_kiosk("kiosk-1", "the door was forced")
    times, rules = city.services.visit_times, Rules.of(city.services.settings)
    for work in (
        lambda session: keep_visit(session, token, times=times, **about),
        lambda session: own_cards(session, token, rules=rules, times=times, **about),
        lambda session: end_visit(session, token, **about),
    ):
        with pytest.raises(KioskDisabled), transaction(city.services.sessions) as session:
            work(session)
    assert city.audit("cards.read") == []
