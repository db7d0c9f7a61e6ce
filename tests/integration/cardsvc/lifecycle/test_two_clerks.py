"""Two clerks at once, on both databases: one wins, the other gets a clear conflict, and nothing is half-done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cardsvc.client import ServiceProblem
from cardsvc.db import in_transaction
from cardsvc.issuance import applications
from cardsvc.issuance.repository import submitters_of
from cardsvc.services import Services
from cardsvc.transitions import check_application
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationKind, CardState, ReplacementCause, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.problems import Problem
from cardsvc.wire.stock import HandOverRequest
from tests.fixtures import postgres
from tests.fixtures.counter import Counter
from tests.fixtures.databases import migrate
from tests.fixtures.invariants import assert_sound
from tests.fixtures.proofs import City

Call = Callable[[], object]


@pytest.fixture
def postgres_counter(
    postgres_cluster: postgres.Cluster,
    make_services: Callable[[str], Services],
    make_city: Callable[[Services], City],
) -> Iterator[Counter]:
    """For what only a database with several writers lets happen: SQLite has the second wait for the first."""
    with postgres_cluster.database(postgres_cluster.template("migrated", migrate)) as url:
        counter = Counter(make_city(make_services(url)))
        yield counter
        assert_sound(counter.services)


def at_once(*calls: Call) -> list[Problem]:
    """Make the calls at the same time; the problems of those that were refused."""
    barrier = Barrier(len(calls))

    def make(call: Call) -> Problem | None:
        barrier.wait(10)
        try:
            call()
        except ServiceProblem as refused:
            return refused.problem
        return None

    with ThreadPoolExecutor(len(calls)) as pool:
        return [problem for problem in pool.map(make, calls) if problem is not None]


def assert_one_won(counter: Counter, problems: list[Problem], codes: set[str]) -> None:
    """Of two. The other heard of a conflict, and that is on record."""
    (problem,) = problems
    assert (problem.status, problem.code in codes) == (409, True), problem.code
    assert [entry.outcome for entry in counter.refusals()] == [problem.code]
    assert_sound(counter.services)


@pytest.fixture
def warm(counter: Counter) -> Iterator[Counter]:
    """Everybody has a token, so that nobody is kept waiting at the door."""
    for client in (counter.ana, counter.bo, counter.cy, counter.desk):
        client.access_token()
    yield counter
    assert_sound(counter.services)


SEEN_TOO_LATE = {"changed-meanwhile", "transition-refused"}


def test_two_approve(warm: Counter) -> None:
    application = warm.ana.submit(warm.ana.create_application(warm.person()).id)
    problems = at_once(partial(warm.bo.approve, application.id), partial(warm.cy.approve, application.id))
    assert_one_won(warm, problems, SEEN_TOO_LATE)


def test_one_approves_and_one_rejects(warm: Counter) -> None:
    application = warm.ana.submit(warm.ana.create_application(warm.person()).id)
    problems = at_once(partial(warm.bo.approve, application.id), partial(warm.cy.reject, application.id, "no"))
    assert_one_won(warm, problems, SEEN_TOO_LATE)


def test_both_had_looked_before_either_acted(warm: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has read the application when the other has not written yet: PostgreSQL lets them, SQLite does not."""
    application = warm.ana.submit(warm.ana.create_application(warm.person()).id)
    looked, real = Barrier(2), submitters_of

    def look_and_wait(*args: Any) -> set[str]:
        seen = real(*args)
        try:
            looked.wait(2)
        except BrokenBarrierError:  # the other one is not let in before we are done
            return seen
        return seen

    monkeypatch.setattr(applications, "submitters_of", look_and_wait)
    problems = at_once(partial(warm.bo.approve, application.id), partial(warm.cy.approve, application.id))
    postgresql = warm.services.settings.database_url.startswith("postgresql")
    assert_one_won(warm, problems, {"changed-meanwhile"} if postgresql else {"transition-refused"})


@pytest.mark.parametrize("for_another", [False, True], ids=["of its own", "somebody else's"])
def test_a_cancellation_is_overtaken_by_a_release_and_another_card(
    postgres_counter: Counter, monkeypatch: pytest.MonkeyPatch, *, for_another: bool
) -> None:
    """The application's state is the same again, its card is not. The card must not stay reserved for nobody."""
    counter = postgres_counter
    application = counter.approved(counter.ana.create_application(counter.person()))
    waiting = counter.approved(counter.ana.create_application(counter.person()))
    card, another = counter.reserved(application), counter.blank()

    def overtaken(*args: Any) -> None:
        check_application(*args)
        monkeypatch.setattr(applications, "check_application", check_application)
        counter.cy.release(card.uuid)
        counter.cy.personalise(application.id, another.stock_number)
        if for_another:
            counter.cy.personalise(waiting.id, card.stock_number)

    monkeypatch.setattr(applications, "check_application", overtaken)
    assert counter.refused(lambda: counter.bo.cancel(application.id, "moved"), "bo").code == "changed-meanwhile"
    assert counter.ana.application(application.id).card_uuid == another.uuid
    counter.bo.cancel(application.id, "moved")
    assert counter.state(another.uuid) is CardState.STOCK
    assert counter.state(card.uuid) is (CardState.RESERVED if for_another else CardState.STOCK)


def test_two_hand_the_same_card_over(warm: Counter) -> None:
    draft = warm.ana.create_application(warm.person())
    warm.approved(draft)
    card = warm.write(warm.reserved(draft).uuid)
    problems = at_once(partial(warm.ana.deliver, card), partial(warm.cy.deliver, card))
    assert_one_won(warm, problems, SEEN_TOO_LATE)


def test_two_write_an_application_for_the_same_person(warm: Counter) -> None:
    citizen_id, card = warm.first()
    warm.ana.revoke(card.uuid, RevocationReason.WITHDRAWN)
    ask = [partial(client.apply, citizen_id, ApplicationKind.FIRST) for client in (warm.ana, warm.cy)]
    assert_one_won(warm, at_once(*ask), {"application-open"})


def test_two_want_the_same_blank_card(warm: Counter) -> None:
    blank = warm.blank().stock_number
    first, second = (warm.approved(warm.ana.create_application(warm.person())).id for _ in range(2))
    problems = at_once(partial(warm.ana.personalise, first, blank), partial(warm.cy.personalise, second, blank))
    assert_one_won(warm, problems, SEEN_TOO_LATE)


def test_two_use_one_approval(warm: Counter) -> None:
    _, card = warm.first()
    warm.ana.hold(card.uuid, "suspicious")
    warm.approval(ApprovalKind.REINSTATEMENT, card.uuid)
    problems = at_once(partial(warm.ana.reinstate, card.uuid), partial(warm.cy.reinstate, card.uuid))
    assert_one_won(warm, problems, SEEN_TOO_LATE | {"approval-spent"})
    assert warm.state(card.uuid) is CardState.ACTIVE


def test_two_ask_for_the_same_approval(warm: Counter) -> None:
    _, card = warm.first()
    asked = [
        partial(client.request_approval, ApprovalKind.REINSTATEMENT, card.uuid, "a mistake")
        for client in (warm.ana, warm.cy)
    ]
    assert_one_won(warm, at_once(*asked), {"approval-pending"})


def test_one_grants_and_one_refuses(warm: Counter) -> None:
    _, card = warm.first()
    asked = warm.ana.request_approval(ApprovalKind.REINSTATEMENT, card.uuid, "a mistake")
    problems = at_once(
        partial(warm.bo.approve_request, asked.id), partial(warm.cy.refuse_request, asked.id, "not convinced")
    )
    assert_one_won(warm, problems, {"approval-spent"})


def test_two_report_the_same_loss(warm: Counter) -> None:
    citizen_id, card = warm.first()
    request = LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK)
    problems = at_once(partial(warm.ana.report_loss, request), partial(warm.cy.report_loss, request))
    assert_one_won(warm, problems, {"already-reported"})
    assert warm.state(card.uuid) is CardState.HELD


def test_a_loss_is_reported_while_the_card_is_revoked(warm: Counter) -> None:
    """Both may be done, in either order; the card is revoked, and no report stays open."""
    citizen_id, card = warm.first()
    request = LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK)
    problems = at_once(
        partial(warm.ana.report_loss, request), partial(warm.cy.revoke, card.uuid, RevocationReason.STOLEN)
    )
    assert {problem.status for problem in problems} <= {409}
    assert warm.state(card.uuid) is CardState.REVOKED


def test_a_card_is_activated_while_its_application_is_cancelled(warm: Counter) -> None:
    """Whoever is first: never two cards in force, and never none that the citizen was left with by half."""
    citizen_id, old = warm.first()
    application = warm.another(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED)
    warm.bo.approve(application.id)
    new = warm.ana.deliver(warm.write(warm.reserved(application).uuid))
    problems = at_once(partial(warm.activate, new.uuid), partial(warm.ana.cancel, application.id, "not needed"))
    assert len(problems) == 1
    assert sorted((warm.state(old.uuid), warm.state(new.uuid))) == [CardState.ACTIVE, CardState.REVOKED]


def test_a_temporary_card_is_returned_twice(warm: Counter) -> None:
    citizen_id, old = warm.first()
    temporary = warm.issued(warm.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    problems = at_once(partial(warm.ana.return_card, temporary.uuid), partial(warm.cy.return_card, temporary.uuid))
    assert_one_won(warm, problems, SEEN_TOO_LATE)
    assert warm.state(old.uuid) is CardState.ACTIVE


def test_the_clock_and_a_clerk(warm: Counter) -> None:
    """The fifteenth day ends while two officers reinstate the card: one of both comes too late."""
    citizen_id, card = warm.first()
    warm.ana.report_loss(LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK))
    warm.city.clock.advance(days=14, hours=23)
    warm.approval(ApprovalKind.REINSTATEMENT, card.uuid)
    warm.ana.access_token()
    late = replace(warm.services.timekeeper, clock=lambda: warm.city.clock.now.replace(month=4))
    at_once(partial(warm.ana.reinstate, card.uuid), late.run)
    assert warm.state(card.uuid) in {CardState.ACTIVE, CardState.REVOKED}


def test_a_hand_over_is_accepted_while_it_is_withdrawn(warm: Counter) -> None:
    blank = warm.blank().stock_number
    offered = warm.ana.hand_over(HandOverRequest(to="bo", stock_numbers=[blank]))
    problems = at_once(
        partial(warm.bo.accept_hand_over, offered.id, 1), partial(warm.ana.decline_hand_over, offered.id)
    )
    assert_one_won(warm, problems, {"hand-over-settled"})


def test_many_clerks_and_few_people(warm: Counter) -> None:
    """No deadlock, and whatever came of it is sound."""
    people = [warm.first() for _ in range(3)]
    calls: list[Call] = []
    for citizen_id, card in people:
        calls += [
            partial(warm.ana.hold, card.uuid, "suspicious"),
            partial(warm.cy.apply, citizen_id, ApplicationKind.CORRECTION),
            partial(warm.bo.revoke, card.uuid, RevocationReason.WITHDRAWN),
        ]
    assert {problem.status for problem in at_once(*calls)} <= {409}
    assert {warm.state(card.uuid) for _, card in people} == {CardState.REVOKED}


def test_what_the_database_wants_repeated_is_repeated(counter: Counter) -> None:
    """SQLSTATE 40001 and 40P01: nothing happened, the same again will do. Any other error is told."""
    attempts: list[str] = []

    def fail(sqlstate: str, times: int) -> Callable[[Session], str]:
        def work(_session: Session) -> str:
            attempts.append(sqlstate)
            if len(attempts) <= times:
                raise DBAPIError("statement", None, _Refused(sqlstate))
            return "done"

        return work

    assert in_transaction(counter.services.sessions, fail("40P01", 4)) == "done"
    for sqlstate, tried in (("40001", 5), ("23505", 1)):
        attempts.clear()
        with pytest.raises(DBAPIError):
            in_transaction(counter.services.sessions, fail(sqlstate, 9))
        assert len(attempts) == tried


class _Refused(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate
