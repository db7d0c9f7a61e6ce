"""Departments take part with a key, an audience and a policy of their own."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey

from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.db import reading, transaction
from cardsvc.departments.errors import DepartmentExists, PolicyInvalid
from cardsvc.departments.models import Department
from cardsvc.departments.repository import find_by_audience, find_by_code, policy_in_force
from cardsvc.departments.service import add_department, publish_policy
from cardsvc.services import Services
from tests.fixtures.services import NOW

LOAN = {
    "services": {"loan": {"level": "tap", "attributes": ["district"]}},
    "purposes": {},
    "questions": {},
    "reader_levels": [],
}


def add(services: Services, code: str = "education", policy: Any = None) -> Department:
    with transaction(services.sessions) as session:
        department = add_department(
            session,
            code=code,
            title="Education",
            public_jwk=ECKey.generate_key("P-256").as_dict(private=False),
            actor="ana",
            now=NOW,
        )
        publish_policy(session, department, LOAN if policy is None else policy, actor="ana", now=NOW)
        return department


def test_a_department_is_a_caller_with_an_audience_of_its_own(services: Services) -> None:
    add(services)

    with reading(services.sessions) as session:
        department = find_by_audience(session, "urn:citizen-card:department:education")
        assert department is not None
        assert department.code == "education"
        caller = department.caller
        policy = policy_in_force(session, department)
    assert (caller.client_id, caller.kind, caller.scopes) == (
        "education",
        CallerKind.DEPARTMENT,
        ["authenticate:own-reader", "events:read", "verify", "webhooks:write"],
    )
    assert policy is not None
    assert (policy.version, policy.terms, policy.created_by) == (1, LOAN, "ana")


def test_versions_count_up_and_the_highest_is_in_force(services: Services) -> None:
    add(services)
    for version in (2, 3):
        with transaction(services.sessions) as session:
            department = find_by_code(session, "education")
            assert department is not None
            assert publish_policy(session, department, LOAN, actor="bo", now=NOW).version == version

    with reading(services.sessions) as session:
        department = find_by_code(session, "education")
        assert department is not None
        policy = policy_in_force(session, department)
        assert policy is not None
        assert policy.version == 3
        published = [entry.detail for entry in session.query(AuditRecord).filter_by(event="policy.publish")]
    assert sorted(detail["version"] for detail in published) == [1, 2, 3]
    assert {detail["department"] for detail in published} == {"education"}


def test_a_department_is_there_once(services: Services) -> None:
    add(services)

    with pytest.raises(DepartmentExists):
        add(services)


@pytest.mark.parametrize(
    ("code", "policy"), [("education", {"services": {"loan": {"level": "tap", "attributes": ["name"]}}})]
)
def test_with_a_bad_policy_nothing_is_added(services: Services, code: str, policy: Any) -> None:
    with pytest.raises(PolicyInvalid):
        add(services, code, policy)

    with reading(services.sessions) as session:
        assert session.query(Caller).count() == session.query(Department).count() == 0


@pytest.mark.parametrize("code", ["Education", "two words", "", "a--b", "x" * 65])
def test_codes_are_plain(services: Services, code: str) -> None:
    with pytest.raises(PolicyInvalid):
        add(services, code)
