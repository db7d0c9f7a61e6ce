"""The same, a hundred times at once, takes effect once: on both databases, through two applications.

What took effect is counted in the database and in the audit log, whatever the answers were.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from cardsvc.approvals.models import Approval
from cardsvc.authentication.models import IssuedAssertion, Visit
from cardsvc.callers.models import Caller, CallerKind, UsedClientAssertion
from cardsvc.cards.models import Card
from cardsvc.client import ServiceClient
from cardsvc.client.transport import Repeat, check
from cardsvc.db import reading
from cardsvc.departments.models import Acquaintance, Department, Policy
from cardsvc.issuance.models import Application, Unblocking
from cardsvc.losses.models import LossReport
from cardsvc.stock.models import StockBatch
from cardsvc.webhooks.models import WebhookSubscription
from cardsvc.webhooks.secret import signing_secrets
from cardsvc.wire.approvals import ApprovalKind, ApprovalState
from cardsvc.wire.authentication import CLIENT_ASSERTION_TYPE
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationState, CardState, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.officers import CallerRequest
from cardsvc.wire.policies import PolicyTerms
from cardsvc.wire.signed import activation_hash
from cardsvc.wire.standard_webhooks import write_secret
from cardsvc.wire.stock import BatchRequest
from tests.fixtures.crowd import TIMES, Crowd
from tests.fixtures.invariants import assert_sound
from tests.fixtures.proofs import POLICY

OTHERS = TIMES - 1
LATE = {"transition-refused", "changed-meanwhile"}
"""What whoever comes too late is told, who saw it change or did not."""
DEPARTMENT = "medical-insurance"
URL = "https://events.medical-insurance.example/cards"

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def office(crowd: Crowd) -> Iterator[Crowd]:
    """Where cards are issued: whatever happens, every card, application and number is as it should be."""
    yield crowd
    assert_sound(crowd.services)


def assert_once(crowd: Crowd, told: Tally[str], event: str, *, late: set[str]) -> None:
    """One worked, the others heard of it; the audit log says the same."""
    assert told["ok"] == 1, told
    assert set(told) - {"ok"} <= late, told
    assert crowd.audited(event)["ok"] == 1


# cards prove themselves


def test_one_answer_to_one_challenge(crowd: Crowd) -> None:
    city = crowd.counter.city
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    proof = card.prove(challenge)
    told = crowd.at_once("kiosk-1", lambda client: client.authenticate(proof))
    assert told == {"ok": 1, "challenge-replayed": OTHERS}
    assert crowd.audited("authentication") == told
    assert crowd.count(Visit) == 1


def test_different_answers_to_one_challenge(crowd: Crowd) -> None:
    """Each signature is right, and another: of five cards, and of each card again and again."""
    city = crowd.counter.city
    kiosk, cards = city.caller("kiosk-1"), [city.card() for _ in range(5)]
    (challenge,) = kiosk.challenges(Level.PIN)
    proofs = [card.prove(challenge) for card in cards for _ in range(20)]
    told = crowd.at_once("kiosk-1", *(partial(ServiceClient.authenticate, proof=proof) for proof in proofs))
    assert told == {"ok": 1, "challenge-replayed": OTHERS}
    assert crowd.audited("authentication") == told
    assert crowd.count(Visit) == 1


def test_one_answer_at_a_departments_own_reader(crowd: Crowd) -> None:
    city = crowd.counter.city
    department, card = city.department(DEPARTMENT), city.card()
    (challenge,) = department.challenges(Level.TAP)
    proof = card.prove(challenge)
    told = crowd.at_once(DEPARTMENT, lambda client: client.authenticate_at_own_reader(proof, "clinic-check-in"))
    assert told == {"ok": 1, "challenge-replayed": OTHERS}
    assert crowd.audited("card-authentication") == told
    assert crowd.count(Acquaintance) == 1


def test_a_client_assertion_is_used_once(crowd: Crowd) -> None:
    city = crowd.counter.city
    kiosk = city.caller("kiosk-1")
    form = {"grant_type": "client_credentials", "client_assertion_type": CLIENT_ASSERTION_TYPE}
    form["client_assertion"] = kiosk._credentials._assertion()
    before = crowd.count(UsedClientAssertion)

    def ask(client: ServiceClient) -> None:
        check(client._transport.send("POST", "/oauth/token", repeat=Repeat.NEVER, data=form))

    told = crowd.at_once("kiosk-1", ask)
    assert told == {"ok": 1, "client-refused": OTHERS}
    doors = len(crowd.cities)  # each client at a door has used one of its own to get its token
    assert crowd.count(UsedClientAssertion) == before + doors + 1


def test_a_visit_is_exchanged_as_often_as_asked_and_each_time_for_another_assertion(crowd: Crowd) -> None:
    """A kiosk may ask for several services. What is written about it has no gap and no double."""
    city = crowd.counter.city
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department(DEPARTMENT)
    (challenge,) = kiosk.challenges(Level.TAP)
    token = kiosk.authenticate(card.prove(challenge)).visit_token
    got: list[str] = []
    told = crowd.at_once(
        "kiosk-1", lambda client: got.append(client.exchange(token, DEPARTMENT, "clinic-check-in", []))
    )
    assert told == {"ok": TIMES}
    assert len(set(got)) == crowd.count(IssuedAssertion) == TIMES
    assert crowd.audited("assertion.issue") == told
    assert crowd.count(Acquaintance) == 1


def test_a_person_with_many_visits_meets_a_department_once(crowd: Crowd) -> None:
    """At four kiosks and at the department's own reader at the same moment: nobody waits for each other for ever."""
    city = crowd.counter.city
    card, department, kiosks = city.card(), city.department(DEPARTMENT), [f"kiosk-{number}" for number in range(4)]
    tokens: dict[str, str] = {}
    for name in kiosks:
        kiosk = city.caller(name)
        (challenge,) = kiosk.challenges(Level.TAP)
        tokens[name] = kiosk.authenticate(card.prove(challenge)).visit_token
    proofs = [card.prove(challenge) for _ in range(5) for challenge in department.challenges(Level.TAP, 16)]

    def call(client: ServiceClient) -> None:
        if client.client_id == DEPARTMENT:
            client.authenticate_at_own_reader(proofs.pop(), "clinic-check-in")
        else:
            client.exchange(tokens[client.client_id], DEPARTMENT, "clinic-check-in", [])

    told = crowd.at_once((DEPARTMENT, *kiosks), call)
    assert told == {"ok": TIMES}
    assert crowd.audited("assertion.issue") + crowd.audited("card-authentication") == told
    assert crowd.count(Acquaintance) == 1


def test_a_visit_ends_once(crowd: Crowd) -> None:
    city = crowd.counter.city
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    token = kiosk.authenticate(card.prove(challenge)).visit_token
    assert crowd.at_once("kiosk-1", lambda client: client.end_visit(token)) == {"ok": TIMES}
    assert crowd.audited("visit.end") == {"ok": 1}


# approvals


@pytest.fixture
def suspect(office: Crowd) -> UUID:
    """A card that is held on suspicion."""
    _, card = office.counter.first()
    office.counter.ana.hold(card.uuid, "seen at two kiosks at once")
    return card.uuid


def test_an_approval_is_asked_for_once(office: Crowd, suspect: UUID) -> None:
    kind = ApprovalKind.REINSTATEMENT
    told = office.at_once("ana", lambda client: client.request_approval(kind, suspect, "a mistake"))
    assert_once(office, told, "approval.request", late={"approval-pending"})
    assert office.count(Approval) == 1


def test_an_approval_is_granted_once(office: Crowd, suspect: UUID) -> None:
    asked = office.counter.ana.request_approval(ApprovalKind.REINSTATEMENT, suspect, "a mistake")
    told = office.at_once(("bo", "cy"), lambda client: client.approve_request(asked.id))
    assert_once(office, told, "approval.approve", late={"approval-spent"})


def test_an_approval_is_granted_or_refused(office: Crowd, suspect: UUID) -> None:
    asked = office.counter.ana.request_approval(ApprovalKind.REINSTATEMENT, suspect, "a mistake")
    told = office.at_once(
        ("bo", "cy"),
        lambda client: client.approve_request(asked.id),
        lambda client: client.refuse_request(asked.id, "not convinced"),
    )
    assert told == {"ok": 1, "approval-spent": OTHERS}
    decided = office.audited("approval.approve") + office.audited("approval.refuse")
    assert decided == {"ok": 1}


def test_an_approval_is_spent_once(office: Crowd, suspect: UUID) -> None:
    office.counter.approval(ApprovalKind.REINSTATEMENT, suspect)
    told = office.at_once(("ana", "cy"), lambda client: client.reinstate(suspect))
    assert_once(office, told, "approval.spend", late={*LATE, "approval-spent"})
    assert office.count(Approval, Approval.state == ApprovalState.SPENT) == 1
    assert office.counter.state(suspect) is CardState.ACTIVE


def test_a_puk_is_released_once(office: Crowd) -> None:
    _, card = office.counter.first()
    office.counter.approval(ApprovalKind.PUK_RELEASE, card.uuid)
    told = office.at_once(("desk-1", "ana"), lambda client: client.unblock(card.uuid))
    assert_once(office, told, "approval.spend", late={"approval-spent"})
    assert office.count(Unblocking) == 1


def test_a_policy_is_published_once(office: Crowd) -> None:
    counter = office.counter
    counter.city.department(DEPARTMENT)
    before = office.count(Policy)
    draft = counter.ana.draft_policy(DEPARTMENT, PolicyTerms.model_validate(POLICY), "as agreed")
    assert draft.approval is not None
    counter.bo.approve_request(draft.approval.id)
    published = office.audited("policy.publish")["ok"]
    told = office.at_once(("ana", "cy"), lambda client: client.publish_policy(draft.id))
    assert told["ok"] == 1, told
    assert office.count(Policy) == before + 1
    assert office.audited("policy.publish")["ok"] == published + 1
    assert office.audited("approval.spend")["ok"] == 1


# cards and applications


def test_an_application_is_submitted_once(office: Crowd) -> None:
    draft = office.counter.ana.create_application(office.counter.person())
    told = office.at_once("ana", lambda client: client.submit(draft.id))
    assert_once(office, told, "application.submit", late=LATE)


def test_an_application_is_approved_once(office: Crowd) -> None:
    draft = office.counter.ana.create_application(office.counter.person())
    office.counter.ana.submit(draft.id)
    told = office.at_once(("bo", "cy"), lambda client: client.approve(draft.id))
    assert_once(office, told, "application.approve", late=LATE)


def test_a_blank_card_is_reserved_once(office: Crowd) -> None:
    """By one of five applications that want it."""
    counter = office.counter
    wanting = [counter.approved(counter.ana.create_application(counter.person())).id for _ in range(5)]
    blank = counter.blank().stock_number
    told = office.at_once(
        ("ana", "cy"), *(partial(ServiceClient.personalise, application_id=one, stock_number=blank) for one in wanting)
    )
    assert_once(office, told, "card.reserve", late=LATE)
    assert office.count(Application, Application.state == ApplicationState.PERSONALISING) == 1


def test_a_card_is_delivered_once(office: Crowd) -> None:
    counter = office.counter
    application = counter.ana.create_application(counter.person())
    counter.approved(application)
    card = counter.write(counter.reserved(application).uuid)
    told = office.at_once(("ana", "cy"), lambda client: client.deliver(card))
    assert_once(office, told, "card.deliver", late=LATE)


def delivered(office: Crowd) -> UUID:
    return office.counter.delivered(office.counter.ana.create_application(office.counter.person())).uuid


def test_a_card_is_activated_once_by_one_proof(office: Crowd) -> None:
    card = delivered(office)
    (challenge,) = office.counter.desk.challenges(Level.PIN, transaction_hash=activation_hash(card))
    proof = office.counter.keys[card].prove(challenge)
    told = office.at_once("desk-1", lambda client: client.activate(card, proof))
    assert_once(office, told, "card.activate", late={*LATE, "challenge-replayed"})
    assert office.counter.state(card) is CardState.ACTIVE


def test_a_card_is_activated_once_by_a_hundred_proofs(office: Crowd) -> None:
    card, desk = delivered(office), office.counter.desk
    challenges = [
        challenge
        for _ in range(0, TIMES, 10)
        for challenge in desk.challenges(Level.PIN, 10, transaction_hash=activation_hash(card))
    ]
    proofs = [office.counter.keys[card].prove(challenge) for challenge in challenges]
    told = office.at_once("desk-1", *(partial(ServiceClient.activate, card_uuid=card, proof=proof) for proof in proofs))
    assert_once(office, told, "card.activate", late=LATE)
    assert sum(office.audited("card.activate").values()) == TIMES


def test_a_card_is_held_once(office: Crowd) -> None:
    _, card = office.counter.first()
    told = office.at_once(("ana", "bo"), lambda client: client.hold(card.uuid, "suspicious"))
    assert_once(office, told, "card.hold", late=LATE)


def test_a_card_is_revoked_once(office: Crowd) -> None:
    _, card = office.counter.first()
    told = office.at_once(("ana", "bo"), lambda client: client.revoke(card.uuid, RevocationReason.WITHDRAWN))
    assert_once(office, told, "card.revoke", late=LATE)


def test_a_loss_is_reported_once(office: Crowd) -> None:
    citizen_id, _ = office.counter.first()
    request = LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK)
    told = office.at_once(("ana", "cy"), lambda client: client.report_loss(request))
    assert told == {"ok": 1, "already-reported": OTHERS}
    assert office.count(LossReport) == 1


# stock, callers, departments


def test_a_delivery_of_blank_cards_is_taken_in_once(office: Crowd) -> None:
    request = BatchRequest(first="HQ-100001", last="HQ-100005", office="town-hall", delivery="D-7")
    told = office.at_once("ana", lambda client: client.receive_stock(request))
    assert_once(office, told, "stock.receive", late={"stock-number-taken"})
    assert (office.count(StockBatch), office.count(Card)) == (1, 5)


def test_a_blank_card_is_taken_in_once(office: Crowd) -> None:
    told = office.at_once("ana", lambda client: client.add_stock("HQ-000001"))
    assert told == {"ok": 1, "stock-number-taken": OTHERS}
    assert office.count(Card) == 1


def test_a_desk_is_let_in_once(office: Crowd) -> None:
    key = dict(ECKey.generate_key("P-256").as_dict(private=False))
    request = CallerRequest(client_id="desk-2", kind=CallerKind.DESK, title="Desk 2", public_jwk=key)
    before = office.audited("caller.register")["ok"]
    told = office.at_once("ana", lambda client: client.add_caller(request))
    assert told == {"ok": 1, "caller-exists": OTHERS}
    assert office.count(Caller, Caller.client_id == "desk-2") == 1
    assert office.audited("caller.register")["ok"] == before + 1


def test_a_department_is_let_in_once(office: Crowd) -> None:
    key = dict(ECKey.generate_key("P-256").as_dict(private=False))
    told = office.at_once("ana", lambda client: client.add_department("education", "Education", key))
    assert told["ok"] == 1, told
    assert all(code.endswith("exists") for code in set(told) - {"ok"}), told
    assert office.count(Department) == 1


def test_a_department_subscribes_once_and_has_the_secret_that_was_told_last(office: Crowd) -> None:
    office.counter.city.department(DEPARTMENT)
    told = office.at_once(DEPARTMENT, lambda client: client.subscribe(URL))
    assert told == {"ok": TIMES}
    assert office.audited("webhook.subscribe") == told


def test_each_rotation_of_a_secret_takes_the_place_of_the_one_before(office: Crowd) -> None:
    department = office.counter.city.department(DEPARTMENT)
    department.subscribe(URL)
    told: list[str] = []
    outcome = office.at_once(DEPARTMENT, lambda client: told.append(client.rotate_webhook_secret().secret))
    assert outcome == {"ok": TIMES}
    assert len(set(told)) == TIMES
    assert office.audited("webhook.rotate-secret") == outcome
    with reading(office.services.sessions) as session:
        row = session.scalars(select(WebhookSubscription)).one()
    present = signing_secrets(office.services.keystore, row, office.counter.city.clock())
    assert len(present) == 2
    assert {write_secret(secret) for secret in present} <= set(told)
