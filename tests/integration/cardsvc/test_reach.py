"""How far revocations get, on both databases: kiosks hear and acknowledge, departments do, the measure follows."""

from __future__ import annotations

from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading
from cardsvc.metrics import serving_metrics
from cardsvc.reach.models import RevocationAcknowledgement
from cardsvc.webhooks.sending import Outcome
from cardsvc.wire.reach import PartyKind, PartyReach, RevocationKind
from tests.fixtures.proofs import IssuedCard
from tests.fixtures.receiver import free_port
from tests.fixtures.webhooks import MEDICAL, URL, Outbox


def revoked(outbox: Outbox, seconds: float = 0) -> IssuedCard:
    """A card of somebody whom medical insurance knows, revoked so long ago."""
    card = outbox.visitor()
    outbox.revoke(card)
    outbox.postman.round()
    outbox.clock.advance(seconds=seconds)
    return card


def catch_up(kiosk: ServiceClient, after: UUID | None = None) -> UUID:
    """What a kiosk does every few seconds; the last that it knows then."""
    last = [revocation.id for revocation in kiosk.revocations(after)][-1]
    kiosk.acknowledge(last)
    return last


def party(outbox: Outbox, client_id: str) -> PartyReach:
    (found,) = [party for party in outbox.ana.revocation_reach().parties if party.client_id == client_id]
    return found


def refused(client: ServiceClient, up_to: UUID) -> tuple[str, int]:
    with pytest.raises(ServiceProblem) as caught:
        client.acknowledge(up_to)
    return caught.value.problem.code, caught.value.problem.status


def test_a_kiosk_hears_which_cards_to_turn_away_and_which_no_longer(outbox: Outbox) -> None:
    first, second = outbox.city.card(), outbox.city.card()
    outbox.hold(first)
    outbox.revoke(second)
    outbox.reinstate(first)
    assert outbox.kiosk.revocation_page().revocations == []  # not before it has its number
    outbox.postman.round()
    page = outbox.kiosk.revocation_page(limit=2)
    assert [(one.number, one.kind, one.card_uuid) for one in page.revocations] == [
        (1, RevocationKind.HELD, first.uuid),
        (2, RevocationKind.REVOKED, second.uuid),
    ]
    assert page.next == page.revocations[-1].id
    (last,) = outbox.kiosk.revocations(page.next)
    assert (last.number, last.kind, last.card_uuid) == (3, RevocationKind.RESTORED, first.uuid)
    assert last.status_list is not None
    assert last.status_list.startswith(outbox.services.settings.issuer + "/status-lists/")
    assert last.status_index is not None


def test_an_acknowledgement_counts_once_and_never_goes_back(outbox: Outbox) -> None:
    for _ in range(2):
        revoked(outbox, seconds=10)
    first, second = (revocation.id for revocation in outbox.kiosk.revocations())
    assert outbox.kiosk.acknowledge(first).number == 1
    said = outbox.kiosk.acknowledge(second)
    outbox.clock.advance(seconds=60)
    assert outbox.kiosk.acknowledge(second) == said
    assert outbox.kiosk.acknowledge(first).number == 2
    with reading(outbox.services.sessions) as session:
        rows = session.query(RevocationAcknowledgement).order_by(RevocationAcknowledgement.number).all()
    assert [row.number for row in rows] == [1, 2]
    assert refused(outbox.kiosk, uuid4()) == ("revocation-unknown", 404)


def test_the_measure_runs_from_the_revocation_to_the_last_acknowledgement(outbox: Outbox) -> None:
    """Two kiosks; medical insurance has a subscription, and is told at once. By hand: 40 s, 40 s, and open for 5 s."""
    other = outbox.city.caller("kiosk-2")
    outbox.medical.subscribe(URL)
    for _ in range(2):
        revoked(outbox)
    outbox.clock.advance(seconds=10)
    last = catch_up(outbox.kiosk)
    outbox.clock.advance(seconds=30)
    catch_up(other)
    revoked(outbox, seconds=5)
    catch_up(outbox.kiosk, last)
    reach = outbox.ana.revocation_reach()
    assert (reach.revocations, reach.complete) == (3, 2)
    assert (reach.p50_seconds, reach.p99_seconds, reach.max_seconds) == (40, 40, 40)
    assert [(party.client_id, party.expected, party.unacknowledged) for party in reach.parties] == [
        ("kiosk-2", 3, 1),
        ("kiosk-1", 3, 0),
        (MEDICAL, 3, 0),
    ]
    assert party(outbox, MEDICAL).kind is PartyKind.DEPARTMENT
    assert party(outbox, "kiosk-1").last_acknowledged_at == outbox.clock()
    outbox.clock.advance(seconds=195)
    assert outbox.ana.revocation_reach().max_seconds == 200


def test_a_department_acknowledges_by_accepting_or_by_saying_so(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.is_down()
    revoked(outbox, seconds=100)
    assert party(outbox, MEDICAL).unacknowledged == 1
    (event,) = outbox.medical.events()
    said = outbox.medical.acknowledge(event.id)
    assert (said.number, said.at) == (1, outbox.clock())
    outbox.clock.advance(seconds=100)
    assert outbox.medical.acknowledge(event.id) == said
    assert party(outbox, MEDICAL).unacknowledged == 0
    outbox.inbox.is_up()
    outbox.postman.round()  # accepted later: what was said first counts
    assert party(outbox, MEDICAL).last_acknowledged_at == said.at
    assert refused(outbox.medical, uuid4()) == ("event-unknown", 404)


def test_a_department_that_did_not_subscribe_need_not_know(outbox: Outbox) -> None:
    revoked(outbox)
    assert [party.client_id for party in outbox.ana.revocation_reach().parties] == ["kiosk-1"]


def test_a_department_need_not_know_what_was_revoked_before_it_subscribed(outbox: Outbox) -> None:
    revoked(outbox, seconds=5)
    catch_up(outbox.kiosk)
    before = outbox.ana.revocation_reach()
    outbox.clock.advance(minutes=5)
    outbox.medical.subscribe(URL)
    outbox.postman.round()
    after = outbox.ana.revocation_reach()
    assert (after.complete, after.p99_seconds) == (before.complete, before.p99_seconds) == (1, 5)
    assert (party(outbox, MEDICAL).expected, party(outbox, MEDICAL).unacknowledged) == (0, 0)


@pytest.mark.parametrize("end", ["unsubscribed", "shut out"])
def test_a_department_that_is_out_had_to_know_until_then(outbox: Outbox, end: str) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.is_down()
    later = outbox.visitor()
    revoked(outbox)
    last = catch_up(outbox.kiosk)
    outbox.clock.advance(seconds=40)
    if end == "unsubscribed":
        outbox.medical.unsubscribe()
    else:
        outbox.ana.disable_caller(MEDICAL)
    outbox.clock.advance(seconds=1)
    outbox.revoke(later)
    outbox.postman.round()
    outbox.clock.advance(minutes=5)
    reach = outbox.ana.revocation_reach()
    (kiosk, medical) = reach.parties
    assert (kiosk.unacknowledged, medical.client_id, medical.expected, medical.unacknowledged) == (1, MEDICAL, 1, 0)
    catch_up(outbox.kiosk, last)
    assert (outbox.ana.revocation_reach().p50_seconds, outbox.ana.revocation_reach().complete) == (40, 2)


def test_a_receiver_that_answers_410_has_acknowledged_nothing(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.answers = lambda _: Outcome(status=410)
    for _ in range(2):
        revoked(outbox, seconds=30)
    catch_up(outbox.kiosk)
    reach = outbox.ana.revocation_reach()
    assert (reach.complete, reach.max_seconds) == (0, 60)
    assert (party(outbox, MEDICAL).expected, party(outbox, MEDICAL).unacknowledged) == (2, 2)
    outbox.inbox.is_up()
    outbox.medical.resume_webhooks()
    assert outbox.postman.round() == 2
    assert outbox.ana.revocation_reach().complete == 2


def test_a_kiosk_that_is_shut_out_accepts_nothing_any_more(outbox: Outbox) -> None:
    revoked(outbox, seconds=30)
    outbox.ana.disable_caller("kiosk-1")
    outbox.clock.advance(days=1)
    reach = outbox.city.client("ana").revocation_reach()
    assert (reach.complete, reach.max_seconds) == (1, 30)


def test_a_hold_that_is_lifted_is_over(outbox: Outbox) -> None:
    card = outbox.city.card()
    outbox.hold(card)
    outbox.clock.advance(seconds=50)
    outbox.reinstate(card)
    outbox.postman.round()
    outbox.clock.advance(seconds=50)
    reach = outbox.ana.revocation_reach()
    assert (reach.revocations, reach.complete, reach.max_seconds) == (1, 1, 50)


def test_a_kiosk_that_came_later_did_not_know_the_card_before(outbox: Outbox) -> None:
    revoked(outbox, seconds=10)
    outbox.city.caller("kiosk-2")
    assert party(outbox, "kiosk-2").expected == 0


def test_prometheus_gets_the_numbers_on_this_machine(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.is_down()
    revoked(outbox, seconds=75)
    port = free_port()
    with (
        serving_metrics(port, outbox.services.sessions, outbox.clock),
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer,
    ):
        families = list(text_string_to_metric_families(answer.read().decode()))
    samples = {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}
    assert samples["cardsvc_revocation_reach_seconds", "0.99"] == 75
    assert samples["cardsvc_revocations_incomplete",] == 1
    assert samples["cardsvc_revocations_unacknowledged", "kiosk", "kiosk-1"] == 1
    assert samples["cardsvc_revocations_unacknowledged", "department", MEDICAL] == 1
    assert samples["cardsvc_webhook_events_waiting", MEDICAL] == 1
    assert samples["cardsvc_webhook_failing_seconds", MEDICAL] == 75


def test_the_numbers_are_not_among_the_services_routes(sqlite_outbox: Outbox) -> None:
    assert sqlite_outbox.city.http().get("/metrics").status_code == 404


def test_only_kiosks_hear_of_cards_and_only_officers_see_the_reach(sqlite_outbox: Outbox) -> None:
    for call in (
        sqlite_outbox.medical.revocation_page,
        sqlite_outbox.ana.revocation_page,
        sqlite_outbox.medical.revocation_reach,
        sqlite_outbox.kiosk.revocation_reach,
    ):
        with pytest.raises(ServiceProblem) as caught:
            call()
        assert caught.value.problem.code == "insufficient-scope"
