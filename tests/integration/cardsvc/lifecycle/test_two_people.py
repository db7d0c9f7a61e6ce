"""Requester, approver and recipient are three people: enforced by the service, through every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from cardsvc.approvals import service as approvals
from cardsvc.approvals.errors import NotApproved
from cardsvc.approvals.rules import RULES, Spender
from cardsvc.callers.models import CallerKind
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.wire.approvals import ApprovalKind, ApprovalState
from cardsvc.wire.lifecycle import ApplicationKind, CardState, ReplacementCause, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.officers import CallerRequest, Role
from cardsvc.wire.people import CorrectionCause, CorrectionRequest, Relation
from tests.fixtures.counter import Counter
from tests.fixtures.pictures import picture

REINSTATEMENT = ApprovalKind.REINSTATEMENT


@pytest.fixture
def suspect(counter: Counter) -> UUID:
    """A card that is held on suspicion."""
    _, card = counter.first()
    counter.ana.hold(card.uuid, "seen at two kiosks at once")
    return card.uuid


def test_nobody_approves_an_application_of_their_own(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    counter.bo.submit(draft.id)
    assert counter.refused(lambda: counter.ana.approve(draft.id)).code == "same-person"
    assert counter.refused(lambda: counter.bo.approve(draft.id), "bo").code == "same-person"
    assert counter.cy.approve(draft.id).approved_by == "cy"


def test_an_officer_has_no_hand_in_their_own_card(counter: Counter) -> None:
    """Bo is a resident too: whatever Bo tries on Bo's own behalf is left to colleagues."""
    draft = counter.ana.create_application(counter.person())
    counter.make_citizen("bo", draft.citizen_id)
    assert counter.refused(lambda: counter.bo.submit(draft.id), "bo").code == "recipient-decides"
    counter.ana.submit(draft.id)
    for attempt in (
        lambda: counter.bo.approve(draft.id),
        lambda: counter.bo.reject(draft.id, "no"),
        lambda: counter.bo.cancel(draft.id, "no"),
    ):
        assert counter.refused(attempt, "bo").code == "recipient-decides"
    counter.cy.approve(draft.id)
    number = counter.blank().stock_number
    assert counter.refused(lambda: counter.bo.personalise(draft.id, number), "bo").code == "recipient-decides"
    card = counter.write(counter.ana.personalise(draft.id, number).uuid)
    assert counter.refused(lambda: counter.bo.deliver(card), "bo").code == "recipient-decides"
    counter.ana.deliver(card)
    assert counter.activate(card).state is CardState.ACTIVE


def test_an_officer_asks_for_no_card_of_their_own(counter: Counter) -> None:
    citizen_id, card = counter.first()
    counter.make_citizen("ana", citizen_id)
    report = LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED),
        lambda: counter.ana.hold(card.uuid, "mine"),
        lambda: counter.ana.report_loss(report),
    )
    assert {counter.refused(attempt).code for attempt in attempts} == {"recipient-decides"}


def test_an_approval_is_asked_for_granted_and_used_once(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "the kiosk's clock was wrong")
    assert (asked.state, asked.requested_by) == (ApprovalState.REQUESTED, "ana")
    assert list(counter.bo.approvals(subject_id=suspect)) == [asked]
    granted = counter.bo.approve_request(asked.id)
    assert (granted.state, granted.decided_by) == (ApprovalState.APPROVED, "bo")
    assert counter.ana.reinstate(suspect).state is CardState.ACTIVE
    (spent,) = counter.ana.approvals(ApprovalState.SPENT)
    assert (spent.spent_by, spent.spent_at) == ("ana", counter.city.clock())
    counter.ana.hold(suspect, "again")
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "approval-spent"
    assert [entry.actor for entry in counter.city.audit("approval.spend")] == ["ana"]


def test_nobody_grants_their_own_request(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "it is all right")
    assert counter.refused(lambda: counter.ana.approve_request(asked.id)).code == "same-person"
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "not-approved"
    assert counter.state(suspect) is CardState.HELD


def test_whoever_granted_it_does_not_use_it(counter: Counter, suspect: UUID) -> None:
    counter.approval(REINSTATEMENT, suspect)
    assert counter.refused(lambda: counter.bo.reinstate(suspect), "bo").code == "same-person"
    assert counter.cy.reinstate(suspect).state is CardState.ACTIVE


def test_the_citizen_it_is_about_has_no_say(counter: Counter) -> None:
    citizen_id, card = counter.first()
    counter.ana.hold(card.uuid, "seen at two kiosks at once")
    counter.make_citizen("bo", citizen_id)
    refused = counter.refused(lambda: counter.bo.request_approval(REINSTATEMENT, card.uuid, "mine"), "bo")
    assert refused.code == "recipient-decides"
    asked = counter.ana.request_approval(REINSTATEMENT, card.uuid, "a mistake")
    assert counter.refused(lambda: counter.bo.approve_request(asked.id), "bo").code == "recipient-decides"
    counter.cy.approve_request(asked.id)
    assert counter.refused(lambda: counter.bo.reinstate(card.uuid), "bo").code == "recipient-decides"


def test_a_request_lapses_and_so_does_a_grant(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "a mistake")
    counter.city.clock.advance(days=1)
    assert counter.refused(lambda: counter.bo.approve_request(asked.id), "bo").code == "approval-expired"
    counter.approval(REINSTATEMENT, suspect)
    counter.city.clock.advance(days=1)
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "approval-expired"
    counter.approval(REINSTATEMENT, suspect)
    counter.city.clock.advance(hours=23)
    assert counter.ana.reinstate(suspect).state is CardState.ACTIVE


def test_the_same_is_not_asked_for_twice_at_once(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "a mistake")
    problem = counter.refused(lambda: counter.cy.request_approval(REINSTATEMENT, suspect, "a mistake"), "cy")
    assert (problem.code, problem.data) == ("approval-pending", {"approval_id": str(asked.id)})


def test_a_refusal_ends_it(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "a mistake")
    refused = counter.bo.refuse_request(asked.id, "not convinced")
    assert (refused.state, refused.refusal) == (ApprovalState.REFUSED, "not convinced")
    assert counter.refused(lambda: counter.cy.approve_request(asked.id), "cy").code == "approval-spent"
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "approval-spent"


def test_whoever_asked_takes_it_back(counter: Counter, suspect: UUID) -> None:
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "a mistake")
    assert counter.ana.refuse_request(asked.id, "asked too soon").state is ApprovalState.REFUSED


def test_an_approval_is_for_one_act_on_one_subject(counter: Counter, suspect: UUID) -> None:
    counter.approval(ApprovalKind.PUK_RELEASE, suspect)
    counter.approval(REINSTATEMENT, counter.first()[1].uuid)
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "not-approved"


@pytest.mark.parametrize("kind", [REINSTATEMENT, ApprovalKind.DEATH])
def test_there_is_no_approval_about_nothing(sqlite_counter: Counter, kind: ApprovalKind) -> None:
    counter = sqlite_counter
    code = counter.refused(lambda: counter.ana.request_approval(kind, uuid4(), "who?")).code
    assert code in {"no-such-card", "no-such-citizen"}
    assert counter.refused(lambda: counter.ana.approve_request(uuid4())).code == "no-such-approval"


def test_who_may_not_do_it_may_not_ask_for_it(sqlite_counter: Counter) -> None:
    counter = sqlite_counter
    _, card = counter.first()
    di = counter.city.caller("di", CallerKind.OFFICER, roles=[Role.STOCK_KEEPER])
    problem = counter.refused(lambda: di.request_approval(REINSTATEMENT, card.uuid, "a mistake"), "di")
    assert (problem.code, problem.data["scopes"]) == ("insufficient-scope", ["cards:revoke"])
    asked = counter.ana.request_approval(REINSTATEMENT, card.uuid, "a mistake")
    refused = counter.refused(lambda: di.refuse_request(asked.id, "no"), "di")
    assert (refused.code, refused.data["scopes"]) == ("insufficient-scope", ["approvals:decide"])


@pytest.mark.parametrize("kind", ApprovalKind)
def test_every_kind_has_its_rule(kind: ApprovalKind) -> None:
    rule = RULES[kind]
    assert timedelta(minutes=10) <= rule.lasts <= timedelta(days=7)
    assert rule.waits >= timedelta(minutes=10)


def test_a_puk_is_released_for_ten_minutes() -> None:
    """Issue 4 §1: a two-person grant of ten minutes."""
    assert RULES[ApprovalKind.PUK_RELEASE].lasts == timedelta(minutes=10)


def test_some_grants_are_used_only_by_whoever_asked(sqlite_counter: Counter) -> None:
    counter, now, subject = sqlite_counter, sqlite_counter.city.clock(), uuid4()
    assert RULES[ApprovalKind.KEY_CEREMONY].spender is Spender.REQUESTER
    with transaction(counter.services.sessions) as session:
        asked = approvals.request(
            session, ApprovalKind.KEY_CEREMONY, subject, actor="ana", now=now, reason="a new key each year"
        )
        approvals.approve(session, asked.id, actor="bo", now=now)
    with pytest.raises(NotApproved), transaction(counter.services.sessions) as session:
        approvals.spend(session, ApprovalKind.KEY_CEREMONY, subject, actor="cy", now=now)
    with transaction(counter.services.sessions) as session:
        assert approvals.spend(session, ApprovalKind.KEY_CEREMONY, subject, actor="ana", now=now).spent_by == "ana"


@pytest.mark.parametrize("reason", [RevocationReason.DECEASED, RevocationReason.MOVED_AWAY])
def test_one_officer_alone_declares_nobody_dead(sqlite_counter: Counter, reason: RevocationReason) -> None:
    counter = sqlite_counter
    _, card = counter.first()
    problem = counter.refused(lambda: counter.ana.revoke(card.uuid, reason))
    assert (problem.code, problem.data) == ("takes-two", {"kind": "death"})
    assert counter.state(card.uuid) is CardState.ACTIVE


def test_two_names_of_one_person_are_one_person(counter: Counter, suspect: UUID) -> None:
    """Whoever lost their key is let in under another name: that does not make them a colleague of themselves."""
    resident, _ = counter.first()
    for name in ("ana", "bo"):
        counter.make_citizen(name, resident)
    asked = counter.ana.request_approval(REINSTATEMENT, suspect, "a mistake")
    assert counter.refused(lambda: counter.bo.approve_request(asked.id), "bo").code == "same-person"
    counter.cy.approve_request(asked.id)
    counter.make_citizen("cy", resident)
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "same-person"

    draft = counter.ana.create_application(counter.person())
    counter.ana.submit(draft.id)
    assert counter.refused(lambda: counter.bo.approve(draft.id), "bo").code == "same-person"


def test_a_yes_to_what_was_so_far_is_none_to_what_happened_since(counter: Counter, suspect: UUID) -> None:
    """The colleague agreed that the suspicion was unfounded, and knew of no loss."""
    counter.approval(REINSTATEMENT, suspect)
    counter.city.clock.advance(hours=1)
    with reading(counter.services.sessions) as session:
        citizen_id = get_card(session, suspect).citizen_id
    assert citizen_id is not None
    counter.ana.report_loss(LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK))
    assert counter.refused(lambda: counter.ana.reinstate(suspect)).code == "approval-expired"
    assert counter.state(suspect) is CardState.HELD


def test_a_hold_is_not_lifted_by_a_yes_that_came_before_it(counter: Counter) -> None:
    _, card = counter.first()
    counter.approval(REINSTATEMENT, card.uuid)
    counter.city.clock.advance(hours=1)
    counter.ana.hold(card.uuid, "seen at two kiosks at once")
    assert counter.refused(lambda: counter.ana.reinstate(card.uuid)).code == "approval-expired"
    counter.approval(REINSTATEMENT, card.uuid)
    assert counter.ana.reinstate(card.uuid).state is CardState.ACTIVE


def new_desk(counter: Counter, administrator: ServiceClient) -> ServiceClient:
    """A desk whose key the administrator made."""
    key = ECKey.generate_key("P-256")
    public = dict(key.as_dict(private=False))
    administrator.add_caller(
        CallerRequest(client_id="desk-9", kind=CallerKind.DESK, title="nobody's desk", public_jwk=public)
    )
    return counter.city.client("desk-9", key)


def test_an_administrator_is_not_a_second_person_behind_a_desk_of_their_own(counter: Counter) -> None:
    """Else whoever may let desks in grants a PUK release, and uses it under the name of a desk that is not there."""
    _, card = counter.first()
    counter.approval(ApprovalKind.PUK_RELEASE, card.uuid)
    desk = new_desk(counter, counter.bo)
    assert counter.refused(lambda: desk.unblock(card.uuid), "desk-9").code == "same-person"
    assert counter.desk.unblock(card.uuid).card_uuid == card.uuid


def test_nor_behind_one_that_they_gave_another_key(counter: Counter) -> None:
    _, card = counter.first()
    desk = new_desk(counter, counter.cy)
    other = ECKey.generate_key("P-256")
    counter.bo.replace_key("desk-9", dict(other.as_dict(private=False)))
    taken = counter.city.client("desk-9", other)
    counter.approval(ApprovalKind.PUK_RELEASE, card.uuid)
    assert counter.refused(lambda: taken.unblock(card.uuid), "desk-9").code == "same-person"
    taken.rotate_key(ECKey.generate_key("P-256"))
    assert counter.refused(lambda: taken.unblock(card.uuid), "desk-9").code == "same-person"
    with pytest.raises(ServiceProblem, match="client-refused"):
        desk.unblock(card.uuid)


def test_nor_under_another_name_of_theirs(counter: Counter) -> None:
    _, card = counter.first()
    resident, _ = counter.first()
    for name in ("bo", "cy"):
        counter.make_citizen(name, resident)
    desk = new_desk(counter, counter.cy)
    counter.approval(ApprovalKind.PUK_RELEASE, card.uuid)
    assert counter.refused(lambda: desk.unblock(card.uuid), "desk-9").code == "same-person"


def test_a_desk_that_somebody_else_let_in_uses_the_grant(counter: Counter) -> None:
    _, card = counter.first()
    desk = new_desk(counter, counter.cy)
    counter.approval(ApprovalKind.PUK_RELEASE, card.uuid)
    assert desk.unblock(card.uuid).card_uuid == card.uuid


NAME_CHANGE = CorrectionRequest(cause=CorrectionCause.NAME_CHANGE, name="陳大文")


def test_what_a_colleague_approved_is_not_given_another_name(counter: Counter) -> None:
    """Else one clerk has a card made in any name: Bo agreed to a card for somebody else."""
    draft = counter.ana.create_application(counter.person())
    for step in (
        lambda: counter.ana.submit(draft.id),
        lambda: counter.bo.approve(draft.id),
        lambda: counter.reserved(draft),
    ):
        step()
        problem = counter.refused(lambda: counter.ana.correct_person(draft.citizen_id, NAME_CHANGE))
        assert (problem.code, problem.data) == ("application-under-way", {"application_id": str(draft.id)})
    moved = CorrectionRequest(cause=CorrectionCause.MOVE, district="coloane")
    assert counter.ana.correct_person(draft.citizen_id, moved).changed == ["district"]
    counter.ana.cancel(draft.id, "another name")
    assert counter.ana.correct_person(draft.citizen_id, NAME_CHANGE).changed == ["name"]


def test_an_officer_corrects_nothing_about_themselves(counter: Counter) -> None:
    citizen_id, _ = counter.first()
    child = counter.ana.create_application(counter.person(birth_date=date(2015, 6, 1))).citizen_id
    counter.make_citizen("ana", citizen_id)
    for attempt in (
        lambda: counter.ana.correct_person(citizen_id, NAME_CHANGE),
        lambda: counter.ana.store_photo(citizen_id, picture()),
        lambda: counter.ana.appoint_guardian(child, citizen_id, Relation.PARENT),
    ):
        assert counter.refused(attempt).code == "recipient-decides"
