"""Whom a department knows by a name: two officers find out together, on both databases, and the person can see it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from cardsvc.audit.models import AuditNote
from cardsvc.audit.sequencer import Sequencer
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.history import read_history
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.inquiries import make_acquainted
from cardsvc.departments.repository import get_department
from cardsvc.wire.approvals import Approval, ApprovalKind
from cardsvc.wire.officers import CallerKind, OfficerChange, Role
from cardsvc.wire.people import Purpose
from tests.fixtures.command_line import Town
from tests.fixtures.evidence import DEPARTMENT, Told
from tests.fixtures.proofs import IssuedCard
from tests.fixtures.refusals import refused

REASON = "order 17 of the court"
EVENT = "pseudonym.reidentify"


class Bench:
    """Two supervisors, an approver, a clerk; and somebody whom the department knows."""

    def __init__(self, told: Told) -> None:
        self.told, self.city = told, told.city
        officers = {"ana": Role.SUPERVISOR, "bo": Role.APPROVER, "cy": Role.CLERK, "di": Role.SUPERVISOR}
        self.ana, self.bo, self.cy, self.di = (
            self.city.caller(name, CallerKind.OFFICER, roles=[role]) for name, role in officers.items()
        )
        self.card = self.city.card()
        told.assertion(self.card)
        self.name = told.name(self.card)

    def ask(self, client: ServiceClient | None = None) -> Approval:
        return (client or self.ana).request_reidentification(DEPARTMENT, self.name, REASON)

    def find_out(self, client: ServiceClient | None = None) -> Any:
        return (client or self.ana).reidentify(DEPARTMENT, self.name, Purpose.COURT_ORDER, "C-17")

    def history(self, card: IssuedCard) -> Any:
        with reading(self.city.services.sessions) as session:
            return read_history(session, card.citizen_id).entries


@pytest.fixture
def bench(told: Told) -> Bench:
    return Bench(told)


@pytest.fixture
def sqlite_bench(sqlite_told: Told) -> Bench:
    return Bench(sqlite_told)


def test_one_asks_another_agrees_and_the_first_is_told(bench: Bench) -> None:
    assert refused(bench.find_out) == ("not-approved", 403)
    asked = bench.ask()
    assert str(bench.card.citizen_id) not in asked.model_dump_json()
    assert refused(bench.find_out) == ("not-approved", 403)
    assert refused(bench.ana.approve_request, asked.id) == ("same-person", 403)
    about = bench.bo.reidentification_request(asked.subject_id)
    assert (about.department, about.pseudonym) == (DEPARTMENT, bench.name)

    bench.bo.approve_request(asked.id)
    assert refused(bench.find_out, bench.di) == ("not-approved", 403)
    found = bench.find_out()

    assert (found.citizen_id, found.reason) == (bench.card.citizen_id, REASON)
    assert (found.requested_by, found.approved_by) == ("ana", "bo")
    assert refused(bench.find_out) == ("approval-spent", 409)


def test_it_is_in_the_audit_log_with_its_reason_and_the_person_can_read_of_it(bench: Bench) -> None:
    bench.bo.approve_request(bench.ask().id)
    bench.find_out()

    (entry,) = bench.city.audit(EVENT)
    assert (entry.actor, entry.outcome, entry.citizen_id) == ("ana", "ok", bench.card.citizen_id)
    assert (entry.detail["purpose"], entry.detail["reference"]) == ("court-order", "C-17")
    assert entry.detail["approved_by"] == "bo"
    with reading(bench.city.services.sessions) as session:
        assert session.get_one(AuditNote, entry.id).text == REASON
    shown = bench.history(bench.card)
    assert [line.event for line in shown[:2]] == [EVENT, "approval.spend"]
    assert (shown[0].deed, shown[0].purpose, shown[0].department) == ("identified", "court-order", DEPARTMENT)


def test_who_reads_the_audit_log_is_not_told_before_a_colleague_agreed(bench: Bench) -> None:
    both = bench.city.caller("ed", CallerKind.OFFICER, roles=[Role.SUPERVISOR, Role.AUDITOR])
    asked = bench.ask(both)
    bench.bo.refuse_request(asked.id, "no order")
    bench.bo.approve_request(bench.ask(both).id)

    services = bench.city.services
    Sequencer(services.sessions, services.audit_signer, services.clock).sequence()
    entries = [json.loads(entry) for entry in both.audit_entries(0, 900).entries]
    told = [entry for entry in entries if entry["event"].startswith("approval.")]
    assert [entry["event"] for entry in told] == [
        f"approval.{step}" for step in ("request", "refuse", "request", "approve")
    ]
    assert str(bench.card.citizen_id) not in json.dumps(told)

    bench.find_out(both)
    assert [entry.citizen_id for entry in bench.city.audit("approval.spend")] == [bench.card.citizen_id]


def test_nobody_has_a_part_in_finding_out_about_themselves(bench: Bench) -> None:
    """Whoever asks, whoever agrees, and whoever it is are three people."""
    asked = bench.ask()
    admin = bench.city.caller("ed", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    for name in ("bo", "di"):
        admin.change_officer(name, OfficerChange(citizen_id=bench.card.citizen_id))
    assert refused(bench.bo.approve_request, asked.id) == ("recipient-decides", 403)
    assert refused(bench.ask, bench.di) == ("recipient-decides", 403)
    admin.change_officer("ana", OfficerChange(citizen_id=bench.card.citizen_id))
    admin.approve_request(asked.id)
    assert refused(bench.find_out) == ("recipient-decides", 403)
    assert bench.city.audit(EVENT) == []


def test_a_yes_is_about_one_name_at_one_department(bench: Bench) -> None:
    other = bench.city.card()
    bench.told.assertion(other)
    bench.bo.approve_request(bench.ask().id)
    theirs = bench.told.name(other)
    assert refused(bench.ana.reidentify, DEPARTMENT, theirs, Purpose.COURT_ORDER) == ("not-approved", 403)
    bench.city.department("education")
    for department, code in (("education", "pseudonym-unknown"), ("nowhere", "department-not-found")):
        assert refused(bench.ana.reidentify, department, bench.name, Purpose.COURT_ORDER) == (code, 404)
        assert refused(bench.ana.request_reidentification, department, bench.name, "x") == (code, 404)
    assert refused(bench.ana.reidentification_request, uuid4()) == ("pseudonym-unknown", 404)
    assert refused(bench.ana.request_approval, ApprovalKind.REIDENTIFICATION, uuid4(), "x") == (
        "pseudonym-unknown",
        404,
    )


def test_only_supervisors_ask(sqlite_bench: Bench) -> None:
    for client in (sqlite_bench.bo, sqlite_bench.cy, sqlite_bench.told.department, sqlite_bench.told.kiosk):
        assert refused(sqlite_bench.ask, client) == ("insufficient-scope", 403)
        assert refused(sqlite_bench.find_out, client) == ("insufficient-scope", 403)


def test_nobody_is_behind_a_name_any_more_after_being_erased(bench: Bench) -> None:
    bench.bo.approve_request(bench.ask().id)
    with transaction(bench.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, bench.card.citizen_id))
    assert refused(bench.find_out) == ("pseudonym-unknown", 404)


def test_of_many_who_use_one_yes_at_once_one_is_told(bench: Bench) -> None:
    bench.bo.approve_request(bench.ask().id)
    together = Barrier(8)

    def find_out(_: int) -> str:
        together.wait()
        try:
            return str(bench.find_out().citizen_id)
        except ServiceProblem as error:
            return error.problem.code

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(find_out, range(8)))
    assert said == sorted([str(bench.card.citizen_id), *["approval-spent"] * 7])
    assert len(bench.city.audit(EVENT)) == 1


def test_two_officers_do_it_at_the_command_line(sqlite_town: Town) -> None:
    town, name = sqlite_town, "A" * 43
    town.init()
    policy = town.folder / "policy.json"
    policy.write_text('{"services": {"loan": {"level": "tap"}}}')
    key = town.key("education")
    town.run("department", "add", "--code=education", "--title=E", f"--jwk={key}", f"--policy={policy}")
    citizen_id = uuid4()
    with transaction(town.sessions()) as session:
        department = get_department(session, "education")
        now = department.created_at
        session.add(Citizen(id=citizen_id, wrapped_key=None, sealed_person=b"", created_at=now))
        session.flush()
        make_acquainted(session, department, name, citizen_id, now=now)

    def reidentify(approver: str) -> Any:
        return town.run(
            *("people", "reidentify", "education", name, "--reason=a court's order", "--purpose=court-order", "--json"),
            *(
                f"--requested-by=ana={town.folder / 'ana.jwk'}",
                f"--approved-by={approver}={town.folder / approver}.jwk",
            ),
        )

    assert reidentify("ana").exit_code == 1
    done = reidentify("bo")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["citizen_id"], told["requested_by"], told["approved_by"]) == (str(citizen_id), "ana", "bo")
