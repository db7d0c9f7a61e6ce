"""Departments and their policies at the command line: two officers are there with their keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cardsvc.audit.service import record
from cardsvc.callers.principal import principal_of
from cardsvc.callers.repository import find_by_client_id
from cardsvc.db import transaction
from cardsvc.incidents.service import report
from cardsvc.wire.incidents import IncidentReport
from kiosk.departments.cli import departments_app
from kiosk.departments.contract.papers.seal import Seal
from tests.fixtures.command_line import Town

LOAN = {"services": {"library-loan": {"level": "tap", "attributes": []}}}
PROOF = {
    "services": {"proof": {"level": "pin", "attributes": ["name"]}},
    "purposes": {"loan-review": {"en": "Review of loans", "pt": "Revisão"}, "audit": {"en": "Audit"}},
    "questions": {"age-at-least:18": {"level": "tap", "purposes": ["audit"]}},
    "reader_levels": ["tap"],
}


@pytest.fixture
def founded(sqlite_town: Town) -> Town:
    """With two officers, and education under its first policy."""
    sqlite_town.init()
    key = sqlite_town.key("education")
    added = sqlite_town.run(
        *("department", "add", "--code=education", "--title=Education"),
        *(f"--jwk={key}", f"--policy={policy(sqlite_town, LOAN)}"),
    )
    assert added.exit_code == 0, added.stderr
    return sqlite_town


def policy(town: Town, services: object) -> Path:
    path = town.folder / "policy.json"
    path.write_text(json.dumps(services))
    return path


def publish(town: Town, services: object, *, by: str = "ana", approved_by: str = "bo", with_key_of: str = "") -> Result:
    approver = f"{approved_by}={town.folder / (with_key_of or approved_by)}.jwk"
    return town.run(
        *("department", "publish", "education", f"--policy={policy(town, services)}", "--reason=as agreed", "--json"),
        *(f"--requested-by={by}={town.folder / by}.jwk", f"--approved-by={approver}"),
    )


def versions(town: Town) -> dict[str, int]:
    listed = json.loads(town.run("department", "list", "--json").stdout)["departments"]
    return {department["code"]: department["policy_version"] for department in listed}


def test_two_officers_publish_the_next_version(founded: Town) -> None:
    assert versions(founded) == {"education": 1}
    done = publish(founded, PROOF)
    assert done.exit_code == 0, done.stderr
    published = json.loads(done.stdout)
    assert (published["version"], published["published_by"]) == (2, "ana")
    (service,) = published["services"].values()
    assert service.pop("offline") is None
    assert {member: published[member] for member in PROOF} == PROOF
    assert "education: Education, policy version 2" in founded.run("department", "list").stdout


def test_one_officer_alone_publishes_nothing(founded: Town) -> None:
    for done in (
        publish(founded, PROOF, approved_by="ana"),
        publish(founded, PROOF, approved_by="bo", with_key_of="ana"),
        publish(founded, {"services": {"proof": {"level": "tap", "attributes": ["name"]}}}),
    ):
        assert done.exit_code == 1
    assert versions(founded) == {"education": 1}


def test_a_department_that_was_shut_out_is_listed_as_such(founded: Town) -> None:
    founded.run("caller", "disable", "education")
    assert "education: Education, shut out" in founded.run("department", "list").stdout
    assert publish(founded, PROOF).exit_code == 1


def test_a_seal_is_certified_and_revoked(founded: Town) -> None:
    key, csr, out = (founded.folder / name for name in ("seal.key.pem", "seal.csr.pem", "seal.pem"))
    made = CliRunner().invoke(departments_app, ["seal-key", f"--out={key}", f"--csr={csr}"])
    assert made.exit_code == 0, made.output
    assert key.stat().st_mode & 0o777 == 0o600

    done = founded.run("department", "seal", "education", f"--csr={csr}", f"--out={out}", "--json")
    assert done.exit_code == 0, done.stderr
    serial = json.loads(done.stdout)["serial"]
    Seal.load(key, out)

    assert founded.run("department", "seal", "education", f"--csr={csr}", f"--out={out}").exit_code == 1
    assert founded.run("department", "revoke-seal", serial, "--reason=superseded").exit_code == 0
    assert founded.run("department", "revoke-seal", "abc", "--reason=superseded").exit_code == 1


def test_usage_is_drawn(founded: Town) -> None:
    month = ("department", "usage", "education", f"--month={datetime.now(UTC):%Y-%m}")
    with transaction(founded.sessions()) as session:
        for outcome in ("ok", "ok", "ok", "expired"):
            record(session, event="assertion.verify", outcome=outcome, actor="education", now=datetime.now(UTC))
    drawn = founded.run(*month).stdout
    assert "education" in drawn
    assert "4 requests about 0 people" in drawn
    bars = {
        line.split("  ")[1].strip(): line.count("█") for line in drawn.splitlines() if line.startswith("  assertion")
    }
    assert bars == {"assertion.verify: ok": 40, "assertion.verify: expired": 13}
    (use,) = json.loads(founded.run(*month, "--json").stdout)["departments"]
    assert use["kinds"] == [
        {"kind": "assertion.verify", "outcome": "expired", "count": 1},
        {"kind": "assertion.verify", "outcome": "ok", "count": 3},
    ]


def test_usage_of_no_month_or_nobody_is_refused(founded: Town) -> None:
    for month in ("2026-13", "november", "1999-11"):
        assert founded.run("department", "usage", "education", f"--month={month}").exit_code == 1
    assert founded.run("department", "usage", "nobody", "--month=2026-11").exit_code == 1


def test_whom_to_call_is_noted(founded: Town) -> None:
    command = ("department", "contact", "education", "--desk=IT duty", "--telephone=+85328881234")
    done = founded.run(*command, "--email=it@edu.example", "--json")
    assert json.loads(done.stdout)["contact"]["email"] == "it@edu.example"
    wrong = founded.run(*command, "--email=nowhere")
    assert (wrong.exit_code, "cannot be used as they are: email" in " ".join(wrong.stderr.split())) == (1, True)


def test_incidents_are_listed_and_closed(founded: Town) -> None:
    assert founded.run("incident", "list").stdout.strip() == "none"
    with transaction(founded.sessions()) as session:
        caller = find_by_client_id(session, "education")
        assert caller is not None
        told = IncidentReport(what="A server [was] open.", since=datetime(2026, 3, 1, tzinfo=UTC))
        incident = report(session, told, actor=principal_of(caller), now=datetime.now(UTC)).id
    listed = founded.run("incident", "list").stdout
    assert f"{incident}  education, open, since 2026-03-01 00:00 UTC, 0 people\n  A server [was] open.\n" == listed
    assert founded.run("incident", "close", str(incident), "--resolution= ").exit_code == 1
    closed = founded.run("incident", "close", str(incident), "--resolution=closed the port", "--json")
    assert json.loads(closed.stdout)["closed_by"] == "ceremony"
    assert founded.run("incident", "close", str(incident), "--resolution=again").exit_code == 1
    assert json.loads(founded.run("incident", "list", "--state=open", "--json").stdout) == {"incidents": []}
