"""Delivering events, on both databases: in order for each person, again and again until they are accepted."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from cardsvc.client import ServiceProblem, WebhookSignatureInvalid, WebhookVerifier
from cardsvc.db import reading
from cardsvc.webhooks.models import WebhookSubscription
from cardsvc.webhooks.sending import Outcome, Parcel
from cardsvc.wire.webhooks import AttemptFailure, DeliveryState, EventType, SubscriptionState
from cardsvc.wire.webhooks import DepartmentEvent as Told
from tests.fixtures.webhooks import MEDICAL, URL, Outbox, types

ELSEWHERE = "https://events.medical-insurance.example/new"


def is_genuine(parcel: Parcel, secret: str, now: datetime) -> bool:
    """What the library of Standard Webhooks says, which we did not write."""
    with patch("standardwebhooks.webhooks.datetime", wraps=datetime) as clock:
        clock.now.side_effect = now.astimezone
        try:
            Webhook(secret).verify(parcel.body, dict(parcel.headers))
        except WebhookVerificationError:
            return False
    return True


def settle(outbox: Outbox, **steps: float) -> None:
    """Let time pass in small steps, as the service does, until nothing waits any more."""
    for _ in range(300):
        outbox.postman.round()
        if not list(outbox.medical.deliveries(state=DeliveryState.WAITING)):
            return
        outbox.clock.advance(**steps)
        outbox.medical = outbox.city.client(MEDICAL)
    raise AssertionError("events wait and wait")


def test_an_event_is_delivered_signed_and_acknowledged_by_the_answer(outbox: Outbox) -> None:
    subscribed = outbox.medical.subscribe(URL)
    card = outbox.visitor()
    outbox.revoke(card)
    assert outbox.postman.round() == 1
    (parcel,) = outbox.inbox.parcels
    assert is_genuine(parcel, subscribed.secret, outbox.clock())
    event = WebhookVerifier(subscribed.secret, clock=outbox.clock).verify(parcel.headers, parcel.body)
    assert [event] == outbox.told()
    assert (event.type, event.data.pseudonym) == (EventType.CARD_REVOKED, outbox.name(card))
    assert parcel.headers["webhook-id"] == str(event.id)
    assert str(card.uuid).encode() not in parcel.body
    (delivery,) = outbox.medical.deliveries()
    assert (delivery.state, delivery.attempts, delivery.latest[0].status) == (DeliveryState.DELIVERED, 1, 204)
    assert delivery.acknowledged_at == delivery.delivered_at == outbox.clock()
    assert outbox.postman.round() == 0


def test_only_what_happens_after_the_subscription_is_sent_and_the_rest_on_demand(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.hold(card)
    assert outbox.postman.round() == 0
    outbox.medical.subscribe(URL)
    outbox.reinstate(card)
    outbox.postman.round()
    assert types(outbox.inbox.accepted) == [EventType.CARD_REINSTATED]
    events = outbox.told()
    assert outbox.medical.replay(events[0].id) == 2
    outbox.postman.round()
    assert outbox.inbox.accepted == [events[1], *events]


def test_a_later_event_of_a_person_waits_for_the_earlier_and_other_people_go_on(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    stuck, fine = outbox.visitor(), outbox.visitor()
    name = outbox.name(stuck)
    outbox.inbox.answers = lambda event: Outcome(status=422 if event.data.pseudonym == name else 204)
    for card in (stuck, fine):
        outbox.hold(card)
    for card in (stuck, fine):
        outbox.revoke(card)
    outbox.postman.round()
    assert [event.data.pseudonym for event in outbox.inbox.accepted] == [outbox.name(fine)] * 2
    waiting = list(outbox.medical.deliveries(state=DeliveryState.WAITING))
    assert [(delivery.type, delivery.attempts) for delivery in waiting] == [
        (EventType.CARD_HELD, 1),
        (EventType.CARD_REVOKED, 0),
    ]
    outbox.inbox.is_up()
    settle(outbox, seconds=5)
    theirs = [event for event in outbox.inbox.accepted if event.data.pseudonym == name]
    assert types(theirs) == [EventType.CARD_HELD, EventType.CARD_REVOKED]


def test_a_department_that_was_down_for_a_week_misses_nothing(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    cards = [outbox.visitor() for _ in range(3)]
    outbox.inbox.is_down()
    for card in cards:
        outbox.hold(card)
    for _ in range(14):
        outbox.postman.round()
        outbox.clock.advance(hours=12.5)
    outbox.ana, outbox.medical = outbox.city.client("ana"), outbox.city.client(MEDICAL)
    for card in cards:
        outbox.revoke(card)
    outbox.postman.round()
    before = outbox.medical.subscription()
    assert (before.state, before.waiting) == (SubscriptionState.SUSPENDED, 6)
    assert before.failing_since is not None
    assert outbox.clock() - before.failing_since > timedelta(days=7)
    assert len(outbox.inbox.parcels) < 40  # it was not stormed meanwhile
    outbox.inbox.is_up()
    outbox.clock.advance(hours=15)
    outbox.postman.round()
    assert {event.id for event in outbox.inbox.accepted} == {event.id for event in outbox.told()}
    for card in cards:
        theirs = [event for event in outbox.inbox.accepted if event.data.pseudonym == outbox.name(card)]
        assert types(theirs) == [EventType.CARD_HELD, EventType.CARD_REVOKED]
    after = outbox.city.client(MEDICAL).subscription()
    assert (after.state, after.failures, after.failing_since, after.waiting) == (SubscriptionState.ACTIVE, 0, None, 0)


def test_a_department_that_says_it_is_back_is_sent_everything_at_once(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.is_down()
    outbox.hold(outbox.visitor())
    for _ in range(9):
        assert outbox.postman.round() == 1
        outbox.clock.advance(hours=13)
    outbox.postman.round()
    outbox.inbox.is_up()
    assert outbox.postman.round() == 0
    outbox.medical = outbox.city.client(MEDICAL)
    assert outbox.medical.subscription().state is SubscriptionState.SUSPENDED
    assert outbox.medical.resume_webhooks().state is SubscriptionState.ACTIVE
    assert outbox.postman.round() == 1
    assert outbox.inbox.accepted == outbox.told()


def test_a_receiver_that_wants_nothing_more_is_left_alone(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())
    outbox.inbox.answers = lambda _: Outcome(status=410)
    assert outbox.postman.round() == 1
    assert outbox.medical.subscription().state is SubscriptionState.DISABLED
    outbox.clock.advance(days=2)
    assert outbox.postman.round() == 0
    outbox.inbox.is_up()
    outbox.medical = outbox.city.client(MEDICAL)
    outbox.medical.resume_webhooks()
    assert outbox.postman.round() == 1


def test_what_happened_while_nothing_was_to_be_sent_is_sent_afterwards(outbox: Outbox) -> None:
    outbox.hold(outbox.visitor())  # before the subscription: on demand only
    outbox.postman.round()
    outbox.clock.advance(seconds=1)
    outbox.medical.subscribe(URL)
    outbox.medical.unsubscribe()
    outbox.hold(outbox.visitor())
    outbox.postman.round()
    outbox.medical.resume_webhooks()
    assert outbox.postman.round() == 1
    outbox.medical.unsubscribe()
    outbox.hold(outbox.visitor())
    outbox.postman.round()
    outbox.medical.subscribe(URL)
    assert outbox.postman.round() == 1
    assert outbox.inbox.accepted == outbox.told()[1:]


@pytest.mark.parametrize("status", [204, 410, 500])
def test_what_a_place_says_after_events_go_elsewhere_counts_no_more(outbox: Outbox, status: int) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())

    def move(_: Told) -> Outcome:
        outbox.inbox.is_up()
        outbox.medical.subscribe(ELSEWHERE)
        return Outcome(status=status)

    outbox.inbox.answers = move
    assert outbox.postman.round() == 2
    assert [parcel.url for parcel in outbox.inbox.parcels] == [URL, ELSEWHERE]
    now = outbox.medical.subscription()
    assert (now.state, now.failures, now.waiting) == (SubscriptionState.ACTIVE, 0, 0)
    (delivery,) = outbox.medical.deliveries()
    assert [attempt.status for attempt in delivery.latest] == [204, status]


def test_whoever_unsubscribes_during_an_attempt_stays_so(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.is_down()
    outbox.hold(outbox.visitor())
    for _ in range(8):
        outbox.postman.round()
        outbox.clock.advance(hours=13)
    outbox.medical = outbox.city.client(MEDICAL)

    def stop(_: Told) -> Outcome:
        outbox.medical.unsubscribe()
        return Outcome(status=500)

    outbox.inbox.answers = stop
    assert outbox.postman.round() == 1
    assert outbox.medical.subscription().state is SubscriptionState.DISABLED
    outbox.clock.advance(days=1)
    assert outbox.postman.round() == 0


def test_a_redirect_is_no_acknowledgement(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())
    outbox.inbox.answers = lambda _: Outcome(status=302)
    outbox.postman.round()
    (delivery,) = outbox.medical.deliveries()
    assert (delivery.state, delivery.latest[0].status) == (DeliveryState.WAITING, 302)


def test_during_a_rotation_both_secrets_sign_and_afterwards_the_new_one(outbox: Outbox) -> None:
    old = outbox.medical.subscribe(URL).secret
    new = outbox.medical.rotate_webhook_secret(overlap_hours=2).secret
    cards = [outbox.visitor() for _ in range(2)]
    outbox.hold(cards[0])
    outbox.postman.round()
    both = outbox.inbox.parcels[-1]
    assert [is_genuine(both, secret, outbox.clock()) for secret in (new, old)] == [True, True]
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    outbox.clock.advance(hours=2)
    outbox.ana = outbox.city.client("ana")
    outbox.hold(cards[1])
    outbox.postman.round()
    one = outbox.inbox.parcels[-1]
    assert [is_genuine(one, secret, outbox.clock()) for secret in (new, old)] == [True, False]
    with pytest.raises(WebhookSignatureInvalid):
        WebhookVerifier(old, clock=outbox.clock).verify(one.headers, one.body)


def test_a_stolen_secret_is_out_at_once(outbox: Outbox) -> None:
    old = outbox.medical.subscribe(URL).secret
    outbox.medical.rotate_webhook_secret(overlap_hours=0)
    outbox.hold(outbox.visitor())
    outbox.postman.round()
    assert not is_genuine(outbox.inbox.parcels[0], old, outbox.clock())


def test_a_secret_is_sealed_at_rest(outbox: Outbox) -> None:
    secret = outbox.medical.subscribe(URL).secret
    with reading(outbox.services.sessions) as session:
        (row,) = session.query(WebhookSubscription).all()
    assert Webhook(secret)._whsecret not in row.sealed_secret
    assert secret not in repr(row)


def test_two_processes_do_not_deliver_to_the_same_department_at_once(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())
    other = outbox.new_postman()

    def while_it_is_sent(_: Told) -> Outcome:
        assert other.round() == 0
        return Outcome(status=204)

    outbox.inbox.answers = while_it_is_sent
    assert outbox.postman.round() == 1


def test_what_was_sent_when_the_process_died_is_sent_again_under_the_same_id(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())

    def die(_: Told) -> Outcome:
        raise SystemExit

    outbox.inbox.answers = die
    with pytest.raises(SystemExit):
        outbox.postman.round()
    outbox.inbox.is_up()
    survivor = outbox.new_postman()
    assert survivor.round() == 0  # the claim of the dead one holds for a moment
    outbox.clock.advance(seconds=15)
    assert survivor.round() == 1
    first, second = outbox.inbox.parcels
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_department_that_was_shut_out_is_sent_nothing(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.hold(outbox.visitor())
    outbox.ana.disable_caller(MEDICAL)
    assert outbox.postman.round() == 0


def test_administrators_see_how_deliveries_go_and_not_whom_they_are_about(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    outbox.inbox.answers = lambda _: Outcome(failure=AttemptFailure.TIMED_OUT, milliseconds=10_000)
    card = outbox.visitor()
    outbox.hold(card)
    outbox.postman.round()
    (subscription,) = outbox.ana.subscriptions()
    assert (subscription.department, subscription.failures, subscription.waiting) == (MEDICAL, 1, 1)
    page = outbox.ana.delivery_page(department=MEDICAL)
    (attempt,) = page.deliveries[0].latest
    assert (attempt.failure, attempt.status, attempt.milliseconds) == (AttemptFailure.TIMED_OUT, None, 10_000)
    assert outbox.name(card) not in page.model_dump_json()


def test_a_department_has_no_business_with_the_deliveries_of_another(sqlite_outbox: Outbox) -> None:
    education = sqlite_outbox.city.department("education")
    education.subscribe(URL)
    sqlite_outbox.revoke(sqlite_outbox.visitor("education"))
    (event,) = sqlite_outbox.told(education)
    sqlite_outbox.medical.subscribe(URL)
    for call, code in (
        (lambda: sqlite_outbox.medical.delivery_page(department="education"), "department-not-found"),
        (lambda: sqlite_outbox.medical.replay(event.id), "event-unknown"),
        (lambda: sqlite_outbox.medical.delivery_page(event.id), "event-unknown"),
        (sqlite_outbox.medical.subscriptions, "insufficient-scope"),
    ):
        with pytest.raises(ServiceProblem) as caught:
            call()
        assert caught.value.problem.code == code
    assert list(sqlite_outbox.medical.deliveries()) == []


def test_whoever_has_not_subscribed_is_told_so(sqlite_outbox: Outbox) -> None:
    medical = sqlite_outbox.medical
    sqlite_outbox.revoke(sqlite_outbox.visitor())
    (event,) = sqlite_outbox.told()
    for call in (medical.subscription, medical.rotate_webhook_secret, medical.unsubscribe, medical.resume_webhooks):
        with pytest.raises(ServiceProblem) as caught:
            call()
        assert (caught.value.problem.code, caught.value.problem.status) == ("not-subscribed", 404)
    medical.subscribe(URL)
    medical.unsubscribe()
    with pytest.raises(ServiceProblem) as caught:
        medical.replay(event.id)
    assert caught.value.problem.code == "not-subscribed"


@pytest.mark.parametrize(
    "url",
    [
        "http://events.example/cards",
        "https://someone@events.example/cards",
        "https://events.example/cards#part",
        "https://127.0.0.1/cards",
        "https://10.0.0.8/cards",
        "https://[::1]/cards",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:9000/cards",
    ],
)
def test_events_are_sent_to_no_such_url(sqlite_outbox: Outbox, url: str) -> None:
    with pytest.raises(ServiceProblem) as caught:
        sqlite_outbox.medical.subscribe(url)
    assert caught.value.problem.code == "webhook-url-refused"
