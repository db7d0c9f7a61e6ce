"""Citizens lock their cards for departments and levels, on both databases, and nothing gets past a lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.issuance.grounds import lock_cards
from cardsvc.locks.checking import target_of
from cardsvc.locks.repository import add_lock, locks_of, who_locked, write_on_cards
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.locks import LockLiftRequest
from cardsvc.wire.people import Purpose
from cardsvc.wire.questions import Answer
from tests.fixtures.proofs import WEI, City, IssuedCard

DEPARTMENT, OTHER = "medical-insurance", "education"


def begin(kiosk: ServiceClient, card: IssuedCard, level: Level = Level.PIN) -> str:
    (challenge,) = kiosk.challenges(level)
    return kiosk.authenticate(card.prove(challenge)).visit_token


def refusal(call: Callable[..., object], *given: Any, **named: Any) -> tuple[str, int, Any]:
    with pytest.raises(ServiceProblem) as refused:
        call(*given, **named)
    problem = refused.value.problem
    return problem.code, problem.status, problem.data.get("department") or problem.data.get("level")


class Place:
    """A kiosk, two departments, and a citizen with a card."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.department = city.department(DEPARTMENT)
        city.department(OTHER)
        self.card = city.card()

    def exchange(self, token: str, department: str = DEPARTMENT) -> str:
        return self.kiosk.exchange(token, department, "clinic-check-in", [])

    def locks(self) -> list[tuple[str | None, Level | None]]:
        return [(lock.department, lock.level) for lock in self.kiosk.own_locks(begin(self.kiosk, self.card))]


@pytest.fixture
def place(city: City) -> Place:
    return Place(city)


@pytest.fixture
def sqlite_place(sqlite_city: City) -> Place:
    return Place(sqlite_city)


def test_a_department_that_is_locked_out_is_told_nothing_until_it_is_unlocked(place: Place) -> None:
    token = begin(place.kiosk, place.card)
    (lock,) = place.kiosk.lock_card(token, department=DEPARTMENT)
    assert (lock.department, lock.level, lock.title, lock.since) == (DEPARTMENT, None, DEPARTMENT, place.city.clock())

    assert refusal(place.exchange, token) == ("locked-by-citizen", 400, DEPARTMENT)
    entry = place.city.audit("assertion.issue")[-1]
    assert (entry.outcome, entry.citizen_id) == ("locked-by-citizen", place.card.citizen_id)
    assert place.exchange(token, OTHER)

    assert place.kiosk.unlock_card(token, department=DEPARTMENT) == []
    assert place.exchange(token)


def test_a_card_without_taps_is_good_with_the_pin(place: Place) -> None:
    tapped, token = begin(place.kiosk, place.card, Level.TAP), begin(place.kiosk, place.card)
    place.kiosk.lock_card(token, level=Level.TAP)

    assert refusal(begin, place.kiosk, place.card, Level.TAP) == ("locked-by-citizen", 403, "tap")
    assert place.city.audit("authentication")[-1].outcome == "locked-by-citizen"
    assert refusal(place.exchange, tapped) == ("locked-by-citizen", 400, "tap")
    assert place.exchange(begin(place.kiosk, place.card))

    place.kiosk.unlock_card(token, level=Level.TAP)
    assert place.exchange(begin(place.kiosk, place.card, Level.TAP))


def test_a_found_card_neither_locks_nor_unlocks_nor_tells_what_is_locked(sqlite_place: Place) -> None:
    kiosk, token = sqlite_place.kiosk, begin(sqlite_place.kiosk, sqlite_place.card, Level.TAP)
    for call in (kiosk.lock_card, kiosk.unlock_card):
        assert refusal(call, token, level=Level.TAP)[:2] == ("step-up-required", 401)
    assert refusal(kiosk.own_locks, token)[:2] == ("step-up-required", 401)
    assert sqlite_place.locks() == []


def test_a_visit_of_another_kiosk_or_of_nobody_locks_nothing(sqlite_place: Place) -> None:
    token = begin(sqlite_place.kiosk, sqlite_place.card)
    other = sqlite_place.city.caller("kiosk-2")
    assert refusal(other.lock_card, token, department=DEPARTMENT)[:2] == ("visit-foreign", 403)
    assert refusal(other.lock_card, "made-up", department=DEPARTMENT)[:2] == ("visit-unknown", 404)
    assert refusal(sqlite_place.kiosk.lock_card, token, department="nobody")[:2] == ("department-not-found", 404)
    assert sqlite_place.locks() == []


def test_whoever_locks_the_pin_is_unlocked_at_the_desk_alone(place: Place) -> None:
    token, clerk = begin(place.kiosk, place.card), place.city.caller("ana", CallerKind.OFFICER)
    place.kiosk.lock_card(token, level=Level.PIN)

    assert refusal(place.kiosk.unlock_card, token, level=Level.PIN) == ("locked-by-citizen", 403, "pin")
    assert refusal(begin, place.kiosk, place.card) == ("locked-by-citizen", 403, "pin")

    (lock,) = clerk.open_locks(place.card.citizen_id, Purpose.CARD_LOCK, "D-17")
    assert lock.level is Level.PIN
    asked = LockLiftRequest(level=Level.PIN, purpose=Purpose.CARD_LOCK, document_number="G0000000")
    assert refusal(clerk.lift_lock, place.card.citizen_id, asked)[:2] == ("identity-not-shown", 403)
    shown = asked.model_copy(update={"document_number": WEI.document_number})
    assert clerk.lift_lock(place.card.citizen_id, shown) == []
    assert place.locks() == []

    (read,), (lifted,) = place.city.audit("locks.read")[:1], place.city.audit("locks.lift")
    assert (read.actor, read.detail) == ("ana", {"purpose": "card-lock", "reference": "D-17"})
    assert (lifted.actor, lifted.outcome, lifted.citizen_id) == ("ana", "ok", place.card.citizen_id)
    assert lifted.detail == {"lock": "pin", "changed": True, "purpose": "card-lock"}
    refused = [entry for entry in place.city.audit("request") if entry.detail["operation"] == "liftLock"]
    assert [(entry.outcome, entry.citizen_id) for entry in refused] == [("identity-not-shown", place.card.citizen_id)]


def test_only_clerks_see_and_lift_the_locks_of_others(sqlite_place: Place) -> None:
    shown = LockLiftRequest(level=Level.TAP, purpose=Purpose.CARD_LOCK, document_number=WEI.document_number)
    for client in (sqlite_place.kiosk, sqlite_place.department):
        citizen_id = sqlite_place.card.citizen_id
        assert refusal(client.open_locks, citizen_id, Purpose.CARD_LOCK)[:2] == ("insufficient-scope", 403)
        assert refusal(client.lift_lock, citizen_id, shown)[:2] == ("insufficient-scope", 403)


def test_locking_twice_is_one_lock(place: Place) -> None:
    token = begin(place.kiosk, place.card)
    first = place.kiosk.lock_card(token, level=Level.TAP)
    place.city.clock.advance(seconds=5)
    assert place.kiosk.lock_card(token, level=Level.TAP) == first
    assert [entry.detail["changed"] for entry in place.city.audit("locks.set")] == [True, False]


@pytest.mark.parametrize("level", [Level.TAP, Level.PIN])
def test_a_department_that_reads_cards_itself_is_locked_out_too(place: Place, level: Level) -> None:
    def tap(department: ServiceClient) -> str:
        (challenge,) = department.challenges(level)
        proof = place.card.prove(challenge)
        return department.authenticate_at_own_reader(proof, "clinic-check-in").assertion

    assert tap(place.department)
    place.kiosk.lock_card(begin(place.kiosk, place.card), department=DEPARTMENT)

    assert refusal(tap, place.department) == ("locked-by-citizen", 403, DEPARTMENT)
    assert place.city.audit("card-authentication")[-1].outcome == "locked-by-citizen"
    assert tap(place.city.client(OTHER))


def test_a_lock_is_of_the_citizen_and_holds_for_the_next_card(place: Place) -> None:
    place.kiosk.lock_card(begin(place.kiosk, place.card), department=DEPARTMENT)
    place.city.put_in_state(place.card, CardState.REVOKED)
    second = place.city.card(CardState.DELIVERED, WEI)
    with transaction(place.city.services.sessions) as session:
        card = session.get_one(Card, second.id)
        card.state = CardState.ACTIVE
        write_on_cards(session, second.citizen_id, [card])
        assert card.locks == ("department:medical-insurance",)


def test_a_standing_is_answered_and_a_question_knows_who_locked(place: Place) -> None:
    """A lock keeps the person's data back; that the card is good is no secret, and a lock must not look like a loss."""
    token = begin(place.kiosk, place.card)
    place.exchange(token)
    place.kiosk.lock_card(token, department=DEPARTMENT)
    name = pseudonym(place.city.services.keystore, DEPARTMENT, place.card.citizen_id)
    (answer,) = place.department.card_standings([name], "benefit-review").answers
    assert answer.standing is CardStanding.IN_FORCE
    with transaction(place.city.services.sessions) as session:
        asked = {place.card.citizen_id, place.city.principal("kiosk-1").caller_id}
        assert who_locked(session, DEPARTMENT, asked) == {place.card.citizen_id}
        assert who_locked(session, OTHER, asked) == frozenset()


def test_a_lock_that_is_committed_before_an_exchange_counts(place: Place) -> None:
    """The exchange waits for a lock that is being set, and then heeds it."""
    token = begin(place.kiosk, place.card)
    place.exchange(token)
    with ThreadPoolExecutor(1) as pool:
        with transaction(place.city.services.sessions) as session:
            cards = lock_cards(session, place.card.citizen_id)
            target = target_of(DEPARTMENT, None)
            add_lock(session, place.card.citizen_id, target, cards, now=place.city.clock())
            session.flush()
            waiting = pool.submit(place.exchange, token)
            with pytest.raises(StillWaiting):
                waiting.result(timeout=0.3)
        assert refusal(waiting.result) == ("locked-by-citizen", 400, DEPARTMENT)


def test_a_level_lock_that_is_committed_before_a_tap_counts(place: Place) -> None:
    (challenge,) = place.kiosk.challenges(Level.TAP)
    proof = place.card.prove(challenge)
    with ThreadPoolExecutor(1) as pool:
        with transaction(place.city.services.sessions) as session:
            cards = lock_cards(session, place.card.citizen_id)
            add_lock(session, place.card.citizen_id, target_of(None, Level.TAP), cards, now=place.city.clock())
            session.flush()
            waiting = pool.submit(place.kiosk.authenticate, proof)
            with pytest.raises(StillWaiting):
                waiting.result(timeout=0.3)
        assert refusal(waiting.result) == ("locked-by-citizen", 403, "tap")


def test_locking_and_exchanging_at_once_never_wait_for_each_other_for_good(place: Place) -> None:
    token, other = begin(place.kiosk, place.card), begin(place.kiosk, place.card)

    def lock(_: int) -> object:
        return place.kiosk.lock_card(token, department=OTHER)

    def exchange(_: int) -> object:
        return place.exchange(other)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(call, number) for number in range(20) for call in (lock, exchange)]
        assert all(future.result() for future in done)


def test_the_locks_of_an_erased_person_are_gone(place: Place) -> None:
    place.kiosk.lock_card(begin(place.kiosk, place.card), level=Level.SIGN)
    with transaction(place.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, place.card.citizen_id))
    with reading(place.city.services.sessions) as session:
        assert locks_of(session, place.card.citizen_id) == []
        assert session.get_one(Card, place.card.id).locks == ()


def test_a_department_that_is_locked_out_gets_no_answers(place: Place) -> None:
    """About the others it was asked about with this person it does."""
    other = place.city.card()
    for card in (place.card, other):
        place.kiosk.exchange(begin(place.kiosk, card), DEPARTMENT, "clinic-check-in", [])
    place.kiosk.lock_card(begin(place.kiosk, place.card), department=DEPARTMENT)
    names = [pseudonym(place.city.services.keystore, DEPARTMENT, card.citizen_id) for card in (place.card, other)]

    locked, answered = place.department.ask(names, "resident-of:taipa", "benefit-review").answers

    assert (locked.answer, locked.verification_id, answered.answer) == (Answer.LOCKED, None, Answer.YES)
    (refused, told) = place.city.audit("question.ask")
    assert (refused.outcome, refused.citizen_id) == ("locked-by-citizen", place.card.citizen_id)
    assert refused.detail["questions"] == ["resident-of:taipa"]
    assert (told.outcome, told.citizen_id) == ("ok", other.citizen_id)
