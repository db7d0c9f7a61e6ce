"""Deaths and removals, on both databases: held by the event, revoked by a second officer, never restored."""

from __future__ import annotations

from datetime import date
from functools import partial
from uuid import UUID, uuid4

import pytest

from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    Card,
    CardState,
    HoldReason,
    ReplacementCause,
)
from cardsvc.wire.registry import RegistryEvent, RegistryEventKind, RegistryEventRequest, RegistryEventState
from tests.fixtures.counter import Counter

HOLDS = {RegistryEventKind.DEATH: HoldReason.DECEASED, RegistryEventKind.MOVED_AWAY: HoldReason.MOVED_AWAY}


def told(counter: Counter, citizen_id: UUID, kind: RegistryEventKind = RegistryEventKind.DEATH) -> RegistryEvent:
    request = RegistryEventRequest(kind=kind, reference="R/2026-17", occurred_on=date(2026, 2, 28))
    return counter.ana.report_registry_event(citizen_id, request)


@pytest.fixture
def somebody(counter: Counter) -> tuple[UUID, Card]:
    return counter.first()


@pytest.mark.parametrize("kind", RegistryEventKind)
def test_the_event_holds_and_a_colleague_revokes(counter: Counter, kind: RegistryEventKind) -> None:
    citizen_id, card = counter.first()
    event = told(counter, citizen_id, kind)
    held = counter.ana.card(card.uuid)
    assert (held.state, held.hold_reason) == (CardState.HELD, HOLDS[kind])
    assert counter.statuses(card.uuid) == {CertificateStatus.ON_HOLD}
    assert counter.refused(lambda: counter.ana.confirm_registry_event(event.id)).code == "not-approved"
    counter.approval(ApprovalKind.DEATH, citizen_id)
    confirmed = counter.ana.confirm_registry_event(event.id)
    assert (confirmed.state, confirmed.decided_by) == (RegistryEventState.CONFIRMED, "ana")
    assert counter.ana.card(card.uuid).history[-1].reason in {"deceased", "moved-away"}
    assert (counter.state(card.uuid), counter.statuses(card.uuid)) == (CardState.REVOKED, {CertificateStatus.REVOKED})
    assert list(counter.ana.registry_events(citizen_id)) == [confirmed]


def test_two_officers_reinstate_no_dead_persons_card(counter: Counter, somebody: tuple[UUID, Card]) -> None:
    citizen_id, card = somebody
    told(counter, citizen_id)
    counter.approval(ApprovalKind.REINSTATEMENT, card.uuid)
    problem = counter.refused(lambda: counter.ana.reinstate(card.uuid))
    assert (problem.code, problem.data) == ("hold-stands", {"reason": "deceased"})


@pytest.mark.parametrize("confirmed", [False, True], ids=["reported", "confirmed"])
def test_a_reversal_leads_to_a_new_card_and_never_restores_the_old(
    counter: Counter, somebody: tuple[UUID, Card], *, confirmed: bool
) -> None:
    citizen_id, card = somebody
    event = told(counter, citizen_id)
    if confirmed:
        counter.approval(ApprovalKind.DEATH, citizen_id)
        counter.ana.confirm_registry_event(event.id)
    assert counter.refused(lambda: counter.ana.reverse_registry_event(event.id)).code == "not-approved"
    counter.approval(ApprovalKind.DEATH_REVERSAL, citizen_id)
    draft = counter.ana.reverse_registry_event(event.id)
    assert (draft.kind, draft.state) == (ApplicationKind.RETURN, ApplicationState.DRAFT)
    assert counter.state(card.uuid) is CardState.REVOKED
    assert counter.issued(draft).state is CardState.ACTIVE
    assert counter.state(card.uuid) is CardState.REVOKED
    for settled in (counter.ana.reverse_registry_event, counter.ana.confirm_registry_event):
        problem = counter.refused(partial(settled, event.id))
        assert (problem.code, problem.data) == ("registry-event-settled", {"state": "reversed"})


def test_a_discarded_return_can_be_asked_for_again(counter: Counter, somebody: tuple[UUID, Card]) -> None:
    citizen_id, _ = somebody
    event = told(counter, citizen_id)
    counter.approval(ApprovalKind.DEATH_REVERSAL, citizen_id)
    counter.ana.cancel(counter.ana.reverse_registry_event(event.id).id, "comes tomorrow")
    assert counter.issued(counter.ana.apply(citizen_id, ApplicationKind.RETURN)).state is CardState.ACTIVE


def test_nothing_is_issued_to_somebody_who_is_gone(counter: Counter, somebody: tuple[UUID, Card]) -> None:
    citizen_id, _ = somebody
    application = counter.another(citizen_id, ApplicationKind.CORRECTION)
    event = told(counter, citizen_id)
    attempts = (
        lambda: counter.bo.approve(application.id),
        lambda: told(counter, citizen_id),
    )
    assert [counter.refused(attempts[0], "bo").code, counter.refused(attempts[1]).code] == 2 * ["registry-event-stands"]
    counter.approval(ApprovalKind.DEATH, citizen_id)
    counter.ana.confirm_registry_event(event.id)
    assert counter.ana.application(application.id).state is ApplicationState.CANCELLED
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.FIRST))
    assert (problem.code, problem.data) == ("registry-event-stands", {"kind": "death"})


def test_a_finished_card_of_somebody_who_is_gone_is_not_handed_out(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    counter.approved(draft)
    card = counter.write(counter.reserved(draft).uuid)
    event = told(counter, draft.citizen_id)
    assert counter.refused(lambda: counter.ana.deliver(card)).code == "registry-event-stands"
    counter.approval(ApprovalKind.DEATH, draft.citizen_id)
    counter.ana.confirm_registry_event(event.id)
    assert counter.state(card) is CardState.REVOKED


def test_a_delivered_card_of_somebody_who_is_gone_is_not_activated(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    card = counter.delivered(draft)
    told(counter, draft.citizen_id)
    with pytest.raises(Exception, match="registry-event-stands"):
        counter.activate(card.uuid)
    assert [entry.outcome for entry in counter.city.audit("card.activate")] == ["registry-event-stands"]


def test_a_death_during_a_replacement_restores_nothing(counter: Counter, somebody: tuple[UUID, Card]) -> None:
    citizen_id, old = somebody
    application = counter.another(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED)
    event = told(counter, citizen_id)
    assert counter.ana.card(old.uuid).hold_reason is HoldReason.DECEASED
    counter.ana.cancel(application.id, "the family came")
    assert counter.state(old.uuid) is CardState.HELD
    counter.approval(ApprovalKind.DEATH, citizen_id)
    counter.ana.confirm_registry_event(event.id)
    assert counter.state(old.uuid) is CardState.REVOKED


def test_an_officer_who_is_reported_dead_does_not_settle_it(counter: Counter, somebody: tuple[UUID, Card]) -> None:
    citizen_id, _ = somebody
    event = told(counter, citizen_id)
    counter.make_citizen("bo", citizen_id)
    asked = counter.ana.request_approval(ApprovalKind.DEATH_REVERSAL, citizen_id, "alive and well")
    assert counter.refused(lambda: counter.bo.approve_request(asked.id), "bo").code == "recipient-decides"
    counter.cy.approve_request(asked.id)
    assert counter.refused(lambda: counter.bo.reverse_registry_event(event.id), "bo").code == "recipient-decides"


def test_no_such_person_and_no_such_event(counter: Counter) -> None:
    assert counter.refused(lambda: told(counter, uuid4())).code == "no-such-citizen"
    assert counter.refused(lambda: counter.ana.confirm_registry_event(uuid4())).code == "no-such-registry-event"
    assert list(counter.ana.registry_events(uuid4())) == []


def test_nobody_is_declared_dead_by_a_yes_that_came_before_the_report(
    counter: Counter, somebody: tuple[UUID, Card]
) -> None:
    citizen_id, card = somebody
    counter.approval(ApprovalKind.DEATH, citizen_id)
    counter.city.clock.advance(hours=1)
    event = told(counter, citizen_id)
    assert counter.refused(lambda: counter.ana.confirm_registry_event(event.id)).code == "approval-expired"
    assert counter.state(card.uuid) is CardState.HELD
