"""Departments and their policies over HTTP, on both databases: no one person decides what a department may learn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, ServiceProblem
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.departments import PolicyDraft
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, department_audience
from cardsvc.wire.officers import CallerKind, Role
from cardsvc.wire.policies import PolicyTerms, QuestionTerms, ServiceTerms
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.refusals import refused

LOAN = PolicyTerms(services={"loan": ServiceTerms(level=Level.TAP, attributes=["district"])})
RECORDS = PolicyTerms(
    services={"records": ServiceTerms(level=Level.PIN, attributes=["birth_date", "name"])},
    purposes={
        "graduation": {Language.ENGLISH: "Graduation", Language.PORTUGUESE: "Formatura"},
        "audit": {Language.ENGLISH: "Audit"},
    },
    questions={"age-at-least:18": QuestionTerms(level=Level.TAP, purposes=["audit"])},
    reader_levels=[Level.TAP],
)


class Hall:
    """Two administrators, an approver, a clerk, and a department that takes part without a policy."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.ana = city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.bo = city.caller("bo", CallerKind.OFFICER, roles=[Role.APPROVER])
        self.cy = city.caller("cy", CallerKind.OFFICER, roles=[Role.CLERK])
        self.di = city.caller("di", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        key = ECKey.generate_key("P-256")
        city.keys["education"] = key
        self.ana.add_department("education", "Education", dict(key.as_dict(private=False)))

    def draft(self, terms: PolicyTerms, *, approved: bool = True) -> PolicyDraft:
        draft = self.ana.draft_policy("education", terms, "as agreed")
        if approved:
            self.bo.approve_request(approval_of(draft))
        return draft


@pytest.fixture
def hall(city: City) -> Hall:
    return Hall(city)


@pytest.fixture
def sqlite_hall(sqlite_city: City) -> Hall:
    return Hall(sqlite_city)


def approval_of(draft: PolicyDraft) -> UUID:
    assert draft.approval is not None
    return draft.approval.id


def terms_of(policy: PolicyTerms) -> PolicyTerms:
    """What it says, without who said it when."""
    return PolicyTerms(**{name: getattr(policy, name) for name in PolicyTerms.model_fields})


def test_a_policy_is_drafted_by_one_approved_by_another_and_then_in_force(hall: Hall) -> None:
    (before,) = hall.ana.departments()
    assert (before.code, before.title, before.policy_version) == ("education", "Education", 0)

    draft = hall.draft(LOAN, approved=False)
    assert refused(hall.ana.publish_policy, draft.id) == ("not-approved", 403)
    assert refused(hall.ana.approve_request, approval_of(draft)) == ("same-person", 403)
    assert terms_of(hall.bo.policy_draft(draft.id)) == LOAN  # the approver sees what it is about
    assert [waiting.id for waiting in hall.ana.policies("education").drafts] == [draft.id]

    hall.bo.approve_request(approval_of(draft))
    published = hall.ana.publish_policy(draft.id)
    assert (published.version, terms_of(published), published.published_by) == (1, LOAN, "ana")

    history = hall.ana.policies("education")
    assert ([policy.version for policy in history.policies], history.drafts) == ([1], [])
    assert next(hall.ana.departments()).policy_version == 1
    assert refused(hall.ana.publish_policy, draft.id) == ("approval-spent", 409)
    (entry,) = hall.city.audit("policy.publish")
    assert (entry.actor, entry.detail["department"], entry.detail["version"]) == ("ana", "education", 1)


def test_whoever_drafted_a_policy_does_not_approve_it_when_a_colleague_asks_again(hall: Hall) -> None:
    draft = hall.draft(RECORDS, approved=False)
    hall.bo.refuse_request(approval_of(draft), "too much")
    again = hall.di.request_approval(ApprovalKind.POLICY_PUBLICATION, draft.id, "as ana drafted it")
    assert refused(hall.ana.approve_request, again.id) == ("same-person", 403)
    assert refused(hall.di.publish_policy, draft.id) == ("not-approved", 403)


def test_a_department_is_told_what_the_policy_in_force_allows(hall: Hall) -> None:
    kiosk, card = hall.city.caller("kiosk-1"), hall.city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    visit = kiosk.authenticate(card.prove(challenge)).visit_token
    assert refused(kiosk.exchange, visit, "education", "loan") == ("service-not-covered", 400)

    hall.ana.publish_policy(hall.draft(LOAN).id)
    jwks = FetchedJwks(BASE_URL, clock=hall.city.clock, transport=hall.city.transport)
    verifier = AssertionVerifier(BASE_URL, department_audience("education"), jwks, hall.city.clock)
    assertion = kiosk.exchange(visit, "education", "loan", ["district"])
    claims = verifier.verify(assertion, service="loan", level=Level.TAP).claims
    assert (claims.policy_version, set(claims.attributes)) == (1, {"district"})


def test_the_approver_does_not_publish(hall: Hall) -> None:
    draft = hall.ana.draft_policy("education", LOAN, "as agreed")
    hall.di.approve_request(approval_of(draft))
    assert refused(hall.di.publish_policy, draft.id) == ("same-person", 403)
    assert hall.ana.policies("education").policies == []


def test_every_version_stays_readable(hall: Hall) -> None:
    for terms in (LOAN, RECORDS):
        hall.ana.publish_policy(hall.draft(terms).id)
    versions = hall.ana.policies("education").policies
    assert [(policy.version, terms_of(policy)) for policy in versions] == [(2, RECORDS), (1, LOAN)]


def test_a_draft_changes_the_version_it_was_written_for(hall: Hall) -> None:
    """What was approved was the change from version 0; published after another, it might undo that one."""
    first, second = hall.draft(LOAN), hall.draft(RECORDS)
    hall.ana.publish_policy(second.id)
    assert refused(hall.ana.publish_policy, first.id) == ("policy-changed-meanwhile", 409)
    assert [terms_of(policy) for policy in hall.ana.policies("education").policies] == [RECORDS]
    with pytest.raises(ServiceProblem) as caught:
        hall.ana.publish_policy(first.id)
    assert caught.value.problem.model_extra == {"drafted_from": 0, "in_force": 1}


@pytest.mark.parametrize("attribute", ["name", "birth_date", "document_number", "shoe_size"])
def test_no_two_people_can_give_a_tap_what_it_must_not_have(sqlite_hall: Hall, attribute: str) -> None:
    terms = PolicyTerms(services={"loan": ServiceTerms(level=Level.TAP, attributes=[attribute])})
    assert refused(sqlite_hall.ana.draft_policy, "education", terms, "please") == ("policy-invalid", 422)
    assert sqlite_hall.ana.policies("education").drafts == []


def test_only_administrators_draft_and_publish(sqlite_hall: Hall) -> None:
    hall = sqlite_hall
    draft = hall.draft(LOAN)
    department = hall.city.client("education")
    for other in (hall.bo, hall.cy, department):
        assert refused(other.draft_policy, "education", LOAN, "for us") == ("insufficient-scope", 403)
        assert refused(other.publish_policy, draft.id) == ("insufficient-scope", 403)
        assert refused(other.policies, "education") == ("insufficient-scope", 403)
        assert refused(other.add_department, "finance", "Finance", {}) == ("insufficient-scope", 403)
    assert refused(hall.cy.policy_draft, draft.id) == ("insufficient-scope", 403)
    assert refused(hall.bo.request_approval, ApprovalKind.POLICY_PUBLICATION, draft.id, "x") == (
        "insufficient-scope",
        403,
    )


def test_what_is_not_there(sqlite_hall: Hall) -> None:
    ana = sqlite_hall.ana
    assert refused(ana.policies, "nowhere") == ("department-not-found", 404)
    assert refused(ana.rename_department, "nowhere", "x") == ("department-not-found", 404)
    assert refused(ana.draft_policy, "nowhere", LOAN, "x") == ("department-not-found", 404)
    assert refused(ana.policy_draft, uuid4()) == ("policy-draft-not-found", 404)
    assert refused(ana.publish_policy, uuid4()) == ("policy-draft-not-found", 404)
    assert refused(ana.request_approval, ApprovalKind.POLICY_PUBLICATION, uuid4(), "x") == (
        "policy-draft-not-found",
        404,
    )
    key = dict(ECKey.generate_key("P-256").as_dict(private=False))
    assert refused(ana.add_department, "education", "Again", key) == ("department-exists", 409)


def test_a_department_is_renamed_and_shut_out(hall: Hall) -> None:
    waiting = hall.draft(LOAN)
    assert hall.ana.rename_department("education", "Education and Youth").title == "Education and Youth"
    hall.ana.disable_caller("education")
    (department,) = hall.ana.departments()
    assert (department.title, department.disabled_at is not None) == ("Education and Youth", True)
    assert refused(hall.ana.draft_policy, "education", RECORDS, "x") == ("caller-disabled", 409)
    assert refused(hall.ana.publish_policy, waiting.id) == ("caller-disabled", 409)


def test_an_approval_that_ran_out_is_asked_for_again(hall: Hall) -> None:
    draft = hall.draft(LOAN)
    hall.city.clock.advance(days=2)
    assert refused(hall.ana.publish_policy, draft.id) == ("approval-expired", 410)
    again = hall.ana.request_approval(ApprovalKind.POLICY_PUBLICATION, draft.id, "still wanted")
    hall.bo.approve_request(again.id)
    assert hall.ana.publish_policy(draft.id).version == 1


def test_of_many_who_publish_at_once_one_does(hall: Hall) -> None:
    draft, together = hall.draft(LOAN), Barrier(8)

    def publish(client: ServiceClient) -> str:
        together.wait()
        try:
            return str(client.publish_policy(draft.id).version)
        except ServiceProblem as error:
            return error.problem.code

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(publish, [hall.ana, hall.di] * 4))
    assert said == ["1", *["approval-spent"] * 7]
    assert [policy.version for policy in hall.ana.policies("education").policies] == [1]


def test_kiosks_hear_what_policies_in_force_cover(hall: Hall) -> None:
    kiosk = hall.city.caller("kiosk-1")
    draft = hall.draft(RECORDS)
    assert kiosk.coverage().departments["education"].services == {}

    hall.ana.publish_policy(draft.id)
    covered = kiosk.coverage().departments["education"]
    assert {code: terms.model_dump() for code, terms in covered.services.items()} == {
        "records": {"level": "pin", "attributes": ["birth_date", "name"]}
    }
    assert covered.questions == {"age-at-least:18": Level.TAP}


def test_departments_do_not_hear_what_policies_cover(sqlite_hall: Hall) -> None:
    assert refused(sqlite_hall.city.department("library", {"services": {}}).coverage) == ("insufficient-scope", 403)
