"""The outbox, on both databases: written with the act, for whoever knows the person, in each department's own words."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from cardsvc.cards.holding import hold
from cardsvc.cards.models import Card
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceProblem
from cardsvc.db import in_transaction, transaction
from cardsvc.deadlines import DEADLINES
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.lifecycle import ApplicationKind, CardState, HoldReason, ReplacementCause
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest
from cardsvc.wire.webhooks import EventType
from tests.fixtures.counter import Counter
from tests.fixtures.webhooks import MEDICAL, Outbox, types

DEATH = RegistryEventRequest(kind=RegistryEventKind.DEATH, reference="R/2026-17", occurred_on=date(2026, 2, 28))


def refused(outbox: Outbox, after: UUID) -> str:
    with pytest.raises(ServiceProblem) as caught:
        outbox.medical.event_page(after)
    return caught.value.problem.code


def test_a_department_hears_what_happens_to_the_cards_of_its_people_in_order(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.hold(card)
    outbox.clock.advance(minutes=5)
    outbox.reinstate(card)
    outbox.revoke(card)
    events = outbox.told()
    assert [(event.number, event.type, event.data.standing) for event in events] == [
        (1, EventType.CARD_HELD, CardStanding.HELD),
        (2, EventType.CARD_REINSTATED, CardStanding.IN_FORCE),
        (3, EventType.CARD_REVOKED, CardStanding.NONE),
    ]
    assert {event.data.pseudonym for event in events} == {outbox.name(card)}
    assert outbox.medical.card_standings([outbox.name(card)], "benefit-review").answers[0].standing is CardStanding.NONE


def test_departments_hear_of_their_own_people_by_their_own_names_alone(outbox: Outbox) -> None:
    education = outbox.city.department("education")
    both, one, nobody = outbox.visitor(MEDICAL, "education"), outbox.visitor("education"), outbox.city.card()
    for card in (both, one, nobody):
        outbox.clock.advance(seconds=1)
        outbox.revoke(card)
    medical, other = outbox.told(), outbox.told(education)
    assert [event.data.pseudonym for event in medical] == [outbox.name(both)]
    assert [event.data.pseudonym for event in other] == [outbox.name(card, "education") for card in (both, one)]
    words = {word for event in (*medical, *other) for word in (event.data.pseudonym, str(event.id))}
    assert len(words) == 6  # not one of them in common, so nobody can join them
    assert str(both.uuid) not in medical[0].model_dump_json()
    for theirs in (other[0].id, uuid4()):
        assert refused(outbox, theirs) == "event-unknown"


def test_the_person_can_see_who_was_told(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.revoke(card)
    (entry,) = outbox.city.audit("department.tell")
    assert (entry.citizen_id, entry.actor, entry.outcome) == (card.citizen_id, "outbox", "ok")
    assert entry.detail == {"audience": department_audience(MEDICAL), "type": "card.revoked"}


def test_an_act_that_is_rolled_back_tells_nobody(outbox: Outbox) -> None:
    card = outbox.visitor()

    def act(session: Session) -> None:
        row = session.get_one(Card, card.id)
        hold(session, row, HoldReason.SUSPICION, held_for=None, actor="ana", now=outbox.clock())
        session.flush()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        in_transaction(outbox.services.sessions, act)
    assert outbox.told() == []
    assert outbox.written() == []


def test_a_card_that_is_held_for_a_graver_reason_is_held_once(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.hold(card)
    outbox.ana.report_registry_event(card.citizen_id, DEATH)
    assert types(outbox.told()) == [EventType.CARD_HELD]


@pytest.mark.parametrize("confirmed", [False, True], ids=["reported", "confirmed"])
def test_a_death_is_told_when_two_have_agreed_and_taken_back_when_it_was(outbox: Outbox, *, confirmed: bool) -> None:
    card = outbox.visitor()
    event = outbox.ana.report_registry_event(card.citizen_id, DEATH)

    def agreed(kind: ApprovalKind) -> None:
        outbox.bo.approve_request(outbox.ana.request_approval(kind, card.citizen_id, "as the rules want it").id)

    if confirmed:
        agreed(ApprovalKind.DEATH)
        outbox.ana.confirm_registry_event(event.id)
    agreed(ApprovalKind.DEATH_REVERSAL)
    outbox.ana.reverse_registry_event(event.id)
    told = types(outbox.told())
    assert told[:2] == [EventType.CARD_HELD, EventType.CARD_REVOKED]
    assert told[2:] == ([EventType.PERSON_DECEASED, EventType.DEATH_REVERSED] if confirmed else [])


def test_a_card_that_is_over_is_told_when_its_time_comes(outbox: Outbox) -> None:
    outbox.visitor()
    outbox.clock.advance(days=800)
    assert [deadline.name for deadline in DEADLINES][1] == "cards expired"
    outbox.services.timekeeper.run()
    outbox.medical = outbox.city.client(MEDICAL)
    (event,) = outbox.told()
    assert (event.type, event.data.standing) == (EventType.CARD_EXPIRED, CardStanding.NONE)


def test_a_card_that_was_never_in_force_is_nobodys_business(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.city.put_in_state(card, CardState.SEALED)
    outbox.revoke(card)
    assert outbox.told() == []


def test_a_new_card_is_told_after_the_old_one_ended(counter: Counter) -> None:
    """Whoever knew the person by a card hears that there is another one, and which of the two counts."""
    outbox = Outbox(counter.city, (counter.ana, counter.bo))
    citizen_id, card = counter.first()
    outbox.come(counter.keys[card.uuid])
    counter.issued(counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED))
    assert [(event.type, event.data.standing) for event in outbox.told()] == [
        (EventType.CARD_HELD, CardStanding.HELD),
        (EventType.CARD_REVOKED, CardStanding.NONE),
        (EventType.CARD_REPLACED, CardStanding.IN_FORCE),
    ]


def test_what_a_department_is_still_to_hear_survives_the_erasure_of_the_person(outbox: Outbox) -> None:
    card = outbox.visitor()
    outbox.revoke(card)
    with transaction(outbox.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, card.citizen_id))
    assert types(outbox.told()) == [EventType.CARD_REVOKED]


def test_the_feed_is_read_in_pages_and_goes_on_where_it_was_left(outbox: Outbox) -> None:
    cards = [outbox.visitor() for _ in range(3)]
    for card in cards[:2]:
        outbox.hold(card)
    outbox.postman.round()
    first = outbox.medical.event_page(limit=1)
    assert (len(first.events), first.next) == (1, first.events[0].id)
    second = outbox.medical.event_page(first.events[0].id, limit=1)
    assert (second.events[0].number, second.next) == (2, None)
    assert outbox.medical.event_page(second.events[0].id).events == []
    outbox.hold(cards[2])
    outbox.postman.round()
    assert [event.data.pseudonym for event in outbox.medical.events(second.events[0].id)] == [outbox.name(cards[2])]


def test_only_departments_read_a_feed(sqlite_outbox: Outbox) -> None:
    for client in (sqlite_outbox.kiosk, sqlite_outbox.ana):
        with pytest.raises(ServiceProblem) as caught:
            client.event_page()
        assert caught.value.problem.code == "insufficient-scope"
