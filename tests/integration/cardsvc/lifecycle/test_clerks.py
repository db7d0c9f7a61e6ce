"""What clerks meet, on both databases: collection by proxy, minors and their guardians."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Collection
from cardsvc.client import ServiceProblem
from cardsvc.db import reading
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Application, CardState, Consent, ConsentRequest, Proxy
from cardsvc.wire.people import DocumentKind, Relation
from cardsvc.wire.signed import consent_hash
from tests.fixtures.counter import Counter

CHILD = date(2015, 6, 1)
PROXY = Proxy(name="陳大文", document_number="M9999999")


@pytest.fixture
def family(counter: Counter) -> tuple[Application, UUID]:
    """The draft of a ten-year-old, and the id of their mother, who has a card."""
    return make_family(counter)


def make_family(counter: Counter) -> tuple[Application, UUID]:
    mother, _ = counter.first()
    draft = counter.ana.create_application(counter.person(birth_date=CHILD))
    counter.ana.appoint_guardian(draft.citizen_id, mother, Relation.PARENT)
    return draft, mother


def test_a_friend_collects_the_card_and_the_citizen_activates_it(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    counter.approved(draft)
    card = counter.ana.deliver(counter.write(counter.reserved(draft).uuid), PROXY)
    with reading(counter.services.sessions) as session:
        sealed = session.scalars(select(Collection.sealed_proxy)).one()
    assert PROXY.name.encode() not in sealed
    assert PROXY.document_number.encode() not in sealed
    (record,) = counter.city.audit("card.deliver")
    assert record.detail == {"by_proxy": "true"}
    assert counter.bo.proxy(card.uuid) == PROXY
    (look,) = counter.city.audit("card.proxy.view")
    assert (look.actor, look.citizen_id) == ("bo", draft.citizen_id)
    assert counter.activate(card.uuid).state is CardState.ACTIVE


def test_whoever_collects_their_own_card_is_noted_nowhere(counter: Counter) -> None:
    counter.first()
    with reading(counter.services.sessions) as session:
        assert session.scalars(select(Collection.card_id)).all() == []


def test_nobody_is_told_of_a_proxy_that_there_was_not(counter: Counter) -> None:
    _, card = counter.first()
    with pytest.raises(ServiceProblem, match="no-proxy"):
        counter.ana.proxy(card.uuid)


def test_a_proxy_with_a_name_of_ten_thousand_characters(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    counter.approved(draft)
    card = counter.write(counter.reserved(draft).uuid)
    endless = Proxy.model_construct(name="陳" * 10_000, document_number="M9999999")
    assert counter.refused(lambda: counter.ana.deliver(card, endless)).code == "invalid-request"
    assert counter.state(card) is CardState.SEALED


def test_no_card_for_a_child_without_a_guardian(counter: Counter, family: tuple[Application, UUID]) -> None:
    draft, _ = family
    assert counter.refused(lambda: counter.ana.submit(draft.id)).code == "consent-needed"


def test_the_mother_agrees_with_her_own_card(counter: Counter, family: tuple[Application, UUID]) -> None:
    draft, mother = family
    agreed = counter.ana.consent(draft.id, proof_of(counter, mother, draft.id))
    assert (agreed.guardian_id, agreed.consent) == (mother, Consent.CARD)
    assert counter.issued(draft).state is CardState.ACTIVE
    records = counter.city.audit("application.consent")
    assert {record.citizen_id for record in records} == {draft.citizen_id, mother}


def proof_of(counter: Counter, guardian: UUID, transaction: UUID) -> ConsentRequest:
    """The guardian enters their PIN at the desk, where Ana works."""
    (card,) = [key for key in counter.keys.values() if key.citizen_id == guardian]
    (challenge,) = counter.ana.challenges(Level.PIN, transaction_hash=consent_hash(transaction))
    return ConsentRequest(guardian_id=guardian, proof=card.prove(challenge))


def test_a_proof_for_something_else_is_no_consent(counter: Counter, family: tuple[Application, UUID]) -> None:
    draft, mother = family
    foreign = proof_of(counter, mother, uuid4())
    with pytest.raises(ServiceProblem, match="consent-not-proved"):
        counter.ana.consent(draft.id, foreign)
    assert counter.ana.application(draft.id).consent is None


def test_a_proof_counts_once(counter: Counter) -> None:
    draft, mother = make_family(counter)
    request = proof_of(counter, mother, draft.id)
    counter.ana.consent(draft.id, request)
    with pytest.raises(ServiceProblem, match="challenge-replayed"):
        counter.ana.consent(draft.id, request)
    assert counter.refusals() == [], "its own records say so"


def test_the_card_of_somebody_else_is_no_consent(counter: Counter, family: tuple[Application, UUID]) -> None:
    draft, mother = family
    stranger, _ = counter.first()
    request = proof_of(counter, stranger, draft.id).model_copy(update={"guardian_id": mother})
    with pytest.raises(ServiceProblem, match="consent-not-proved"):
        counter.ana.consent(draft.id, request)
    assert counter.refusals() == [], "its own record says so"
    own = proof_of(counter, stranger, draft.id)
    problem = counter.refused(lambda: counter.ana.consent(draft.id, own))
    assert (problem.code, problem.data) == ("guardian-refused", {"reason": "does-not-act"})


def test_a_proof_that_was_refused_counts_for_nothing_afterwards(counter: Counter) -> None:
    """The stranger's PIN was entered once. It agrees to nothing later, for whomever the clerk then names."""
    draft, mother = make_family(counter)
    stranger, _ = counter.first()
    proof = proof_of(counter, stranger, draft.id)
    wrong = proof.model_copy(update={"guardian_id": mother})
    with pytest.raises(ServiceProblem, match="consent-not-proved"):
        counter.ana.consent(draft.id, wrong)
    assert [(entry.outcome, entry.citizen_id) for entry in counter.city.audit("guardian.consent")] == [
        ("consent-not-proved", draft.citizen_id)
    ]
    counter.ana.appoint_guardian(draft.citizen_id, stranger, Relation.GUARDIAN)
    with pytest.raises(ServiceProblem, match="challenge-replayed"):
        counter.ana.consent(draft.id, proof)


def test_the_mother_agrees_on_paper(counter: Counter, family: tuple[Application, UUID]) -> None:
    draft, mother = family
    paper = counter.ana.attach_document(draft.id, DocumentKind.GUARDIANSHIP, b"%PDF-1.7\n%%EOF\n")
    unknown = ConsentRequest(guardian_id=mother, document_id=uuid4())
    assert counter.refused(lambda: counter.ana.consent(draft.id, unknown)).code == "no-such-document"
    agreed = counter.ana.consent(draft.id, ConsentRequest(guardian_id=mother, document_id=paper.id))
    assert agreed.consent is Consent.PAPER
    assert counter.issued(draft).state is CardState.ACTIVE


def test_a_guardian_does_not_approve_what_they_agreed_to(counter: Counter) -> None:
    draft, mother = make_family(counter)
    counter.ana.consent(draft.id, proof_of(counter, mother, draft.id))
    counter.ana.submit(draft.id)
    counter.make_citizen("bo", mother)
    assert counter.refused(lambda: counter.bo.approve(draft.id), "bo").code == "recipient-decides"
    assert counter.cy.approve(draft.id).approved_by == "cy"


@pytest.mark.parametrize(("born", "needed"), [(date(2010, 3, 2), False), (date(2010, 3, 3), True)])
def test_from_sixteen_on_one_decides_alone(sqlite_counter: Counter, born: date, *, needed: bool) -> None:
    """The clock of the tests stands at 2 March 2026."""
    counter = sqlite_counter
    draft = counter.ana.create_application(counter.person(birth_date=born))
    if needed:
        assert counter.refused(lambda: counter.ana.submit(draft.id)).code == "consent-needed"
        return
    mother, _ = counter.first()
    request = ConsentRequest(guardian_id=mother, document_id=uuid4())
    assert counter.refused(lambda: counter.ana.consent(draft.id, request)).code == "consent-not-needed"
    counter.ana.submit(draft.id)


def test_consent_comes_before_the_submission(counter: Counter) -> None:
    mother, _ = counter.first()
    draft = counter.ana.create_application(counter.person())
    counter.ana.submit(draft.id)
    request = ConsentRequest(guardian_id=mother, document_id=uuid4())
    assert counter.refused(lambda: counter.ana.consent(draft.id, request)).code == "not-a-draft"


def test_a_refused_attempt_is_recorded_with_whom_it_was_about(counter: Counter) -> None:
    citizen_id, card = counter.first()
    counter.refused(lambda: counter.ana.deliver(card.uuid))
    latest = counter.refusals()[-1]
    assert (latest.outcome, latest.citizen_id) == ("transition-refused", citizen_id)
    assert latest.detail == {"operation": "deliverCard", "card_uuid": str(card.uuid)}


def test_a_stranger_leaves_no_record(counter: Counter) -> None:
    _, card = counter.first()
    answer = counter.city.http().post(f"/v1/cards/{card.uuid}/revoke", json={"reason": "lost"})
    assert answer.status_code == 401
    assert counter.refusals() == []


def test_an_officer_without_the_scope_leaves_one(counter: Counter) -> None:
    _, card = counter.first()
    kiosk = counter.city.caller("kiosk-1", CallerKind.KIOSK)
    assert counter.refused(lambda: kiosk.hold(card.uuid, "no"), "kiosk-1").code == "insufficient-scope"


def test_looking_changes_nothing_and_leaves_no_record(counter: Counter) -> None:
    with pytest.raises(ServiceProblem, match="no-such-card"):
        counter.ana.card(uuid4())
    assert counter.refusals() == []
