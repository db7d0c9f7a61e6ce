"""Applications on both databases: the way, the two people, the records, and two clerks at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from cardsvc.approvals.errors import SamePerson
from cardsvc.audit.models import AuditRecord
from cardsvc.cards.errors import CardNotFound, StockNumberTaken
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card, history
from cardsvc.db import reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.issuance import applications
from cardsvc.issuance.errors import ApplicationNotFound
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import describe, get_application
from cardsvc.services import Services
from cardsvc.stock import service as stock_service
from cardsvc.transitions import ChangedMeanwhile, TransitionRefused, move_application
from cardsvc.wire.lifecycle import ApplicationState, CardState, Person, StockRequest
from tests.fixtures.issuance import ANA, BO, MEI, caller

CY = caller("cy")
YAN = MEI.model_copy(update={"document_number": "M7654321"})


def draft(services: Services, person: Person = MEI) -> UUID:
    with transaction(services.sessions) as session:
        return applications.create(session, services.keystore, person, actor=ANA, now=services.clock()).id


def submitted(services: Services, person: Person = MEI) -> UUID:
    application_id = draft(services, person)
    with transaction(services.sessions) as session:
        applications.submit(session, services.keystore, application_id, actor=ANA, now=services.clock())
    return application_id


def approved(services: Services, person: Person = MEI) -> UUID:
    application_id = submitted(services, person)
    with transaction(services.sessions) as session:
        applications.approve(session, application_id, actor=BO, now=services.clock())
    return application_id


def stock(services: Services, number: str = "HQ-0001") -> UUID:
    with transaction(services.sessions) as session:
        return stock_service.add_card(session, StockRequest(stock_number=number), actor=ANA, now=services.clock()).uuid


def state_of(services: Services, application_id: UUID) -> ApplicationState:
    with reading(services.sessions) as session:
        return get_application(session, application_id).state


def test_the_way_of_an_application(services: Services) -> None:
    application_id = approved(services)
    with reading(services.sessions) as session:
        seen = describe(session, services.keystore, get_application(session, application_id))
    assert seen.person == MEI
    assert (seen.requested_by, seen.approved_by) == ("ana", "bo")
    assert [(step.state, step.actor) for step in seen.history] == [
        ("draft", "ana"),
        ("submitted", "ana"),
        ("approved", "bo"),
    ]


def test_nobody_approves_what_they_wrote(services: Services) -> None:
    application_id = submitted(services)
    with pytest.raises(SamePerson), transaction(services.sessions) as session:
        applications.approve(session, application_id, actor=ANA, now=services.clock())
    assert state_of(services, application_id) is ApplicationState.SUBMITTED


def test_nobody_approves_what_they_submitted(services: Services) -> None:
    application_id = draft(services)
    with transaction(services.sessions) as session:
        applications.submit(session, services.keystore, application_id, actor=BO, now=services.clock())
    with pytest.raises(SamePerson), transaction(services.sessions) as session:
        applications.approve(session, application_id, actor=BO, now=services.clock())
    with transaction(services.sessions) as session:
        assert applications.approve(session, application_id, actor=CY, now=services.clock()).approved_by == "cy"


def test_a_draft_cannot_be_approved(services: Services) -> None:
    application_id = draft(services)
    with pytest.raises(TransitionRefused, match="draft"), transaction(services.sessions) as session:
        applications.approve(session, application_id, actor=BO, now=services.clock())


def test_a_rejection_keeps_its_reason_in_the_history(services: Services) -> None:
    application_id = submitted(services)
    with transaction(services.sessions) as session:
        applications.reject(session, application_id, "photograph missing", actor=BO, now=services.clock())
        assert history(session, application_id)[-1].reason == "photograph missing"
    with pytest.raises(TransitionRefused, match="Nothing follows"), transaction(services.sessions) as session:
        applications.submit(session, services.keystore, application_id, actor=ANA, now=services.clock())


def test_no_such_application(services: Services) -> None:
    with pytest.raises(ApplicationNotFound), transaction(services.sessions) as session:
        applications.submit(session, services.keystore, uuid4(), actor=ANA, now=services.clock())


def test_every_step_and_every_look_is_on_record_without_a_gap(services: Services) -> None:
    application_id = approved(services)
    with transaction(services.sessions) as session:
        applications.view(session, application_id, actor=CY, now=services.clock())
    with reading(services.sessions) as session:
        about = select(AuditRecord).where(AuditRecord.citizen_id.is_not(None))
        records = session.scalars(about.order_by(AuditRecord.citizen_counter)).all()
    assert [(entry.citizen_counter, entry.event, entry.actor, entry.outcome) for entry in records] == [
        (1, "application.create", "ana", "ok"),
        (2, "application.submit", "ana", "ok"),
        (3, "application.approve", "bo", "ok"),
        (4, "application.view", "cy", "ok"),
    ]
    assert all(MEI.name not in str(entry.detail) for entry in records)


def test_a_refused_step_leaves_nothing_behind(services: Services) -> None:
    application_id = draft(services)
    with reading(services.sessions) as session:
        before = len(session.scalars(select(AuditRecord)).all())
    with pytest.raises(TransitionRefused), transaction(services.sessions) as session:
        applications.reject(session, application_id, "no", actor=BO, now=services.clock())
    with reading(services.sessions) as session:
        assert len(session.scalars(select(AuditRecord)).all()) == before
        assert len(history(session, application_id)) == 1


def at_once(*tasks: Callable[[], object]) -> list[ServiceError | None]:
    """Run the tasks at the same time; what each was refused with."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> ServiceError | None:
        barrier.wait(10)
        try:
            task()
        except ServiceError as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_of_two_officers_at_once_one_approves(services: Services) -> None:
    application_id = submitted(services)

    def approve_as(name: str) -> Callable[[], None]:
        def approve() -> None:
            with transaction(services.sessions) as session:
                applications.approve(session, application_id, actor=caller(name), now=services.clock())

        return approve

    refusals = at_once(*(approve_as(name) for name in ("bo", "cy", "di", "ed")))
    assert refusals.count(None) == 1
    assert {type(refusal) for refusal in refusals if refusal} <= {TransitionRefused, ChangedMeanwhile}
    with reading(services.sessions) as session:
        assert [step.state for step in history(session, application_id)].count("approved") == 1
        events = session.scalars(select(AuditRecord.event)).all()
        assert events.count("application.approve") == 1


def test_of_two_applications_at_once_one_gets_the_card(services: Services) -> None:
    card_uuid = stock(services)
    first, second = approved(services), approved(services, YAN)

    def reserve_for(application_id: UUID) -> Callable[[], None]:
        def reserve() -> None:
            with transaction(services.sessions) as session:
                applications.reserve_card(session, application_id, "HQ-0001", actor=ANA, now=services.clock())

        return reserve

    refusals = at_once(reserve_for(first), reserve_for(second))
    assert refusals.count(None) == 1
    states = sorted(state_of(services, application_id) for application_id in (first, second))
    assert states == [ApplicationState.APPROVED, ApplicationState.PERSONALISING]
    with reading(services.sessions) as session:
        assert get_card(session, card_uuid).state is CardState.RESERVED


def test_whoever_acts_on_an_old_look_is_told_so(services: Services) -> None:
    application_id = submitted(services)
    with reading(services.sessions) as session:
        old_look = get_application(session, application_id)
    with transaction(services.sessions) as session:
        applications.approve(session, application_id, actor=BO, now=services.clock())
    with pytest.raises(ChangedMeanwhile), transaction(services.sessions) as session:
        move_application(session, old_look, ApplicationState.REJECTED, actor="cy", now=services.clock())
    assert state_of(services, application_id) is ApplicationState.APPROVED


def test_reserving_binds_card_application_and_citizen(services: Services) -> None:
    card_uuid, application_id = stock(services), approved(services)
    with transaction(services.sessions) as session:
        applications.reserve_card(session, application_id, "HQ-0001", actor=ANA, now=services.clock())
    with reading(services.sessions) as session:
        card, application = get_card(session, card_uuid), session.get_one(Application, application_id)
        assert (card.id, card.citizen_id) == (application.card_id, application.citizen_id)
        assert str(card.expires_on) == "2031-03-02"
        assert application.state is ApplicationState.PERSONALISING


def test_a_card_of_the_29th_of_february_ends_on_the_28th(services: Services) -> None:
    now = services.clock().replace(year=2028, month=2, day=29)
    stock(services)
    application_id = approved(services)
    with transaction(services.sessions) as session:
        card = applications.reserve_card(session, application_id, "HQ-0001", actor=ANA, now=now)
        assert str(card.expires_on) == "2033-02-28"


def test_a_reserved_card_is_not_reserved_again(services: Services) -> None:
    stock(services)
    first, second = approved(services), approved(services, YAN)
    with transaction(services.sessions) as session:
        applications.reserve_card(session, first, "HQ-0001", actor=ANA, now=services.clock())
    with pytest.raises(TransitionRefused, match="card is reserved"), transaction(services.sessions) as session:
        applications.reserve_card(session, second, "HQ-0001", actor=ANA, now=services.clock())
    assert state_of(services, second) is ApplicationState.APPROVED


def test_a_card_that_is_not_in_stock_cannot_be_reserved(services: Services) -> None:
    application_id = approved(services)
    with pytest.raises(CardNotFound), transaction(services.sessions) as session:
        applications.reserve_card(session, application_id, "HQ-9999", actor=ANA, now=services.clock())


def test_a_printed_number_is_taken_into_stock_once(services: Services) -> None:
    stock(services)
    with pytest.raises(StockNumberTaken), transaction(services.sessions) as session:
        stock_service.add_card(session, StockRequest(stock_number="HQ-0001"), actor=ANA, now=services.clock())
    with reading(services.sessions) as session:
        assert len(session.scalars(select(Card)).all()) == 1


def test_card_uuids_are_random(services: Services) -> None:
    assert stock(services).version == 4
