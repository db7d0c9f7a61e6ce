"""Keys and callers with the command line."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import Caller
from cardsvc.db import reading
from cardsvc.departments.models import Department
from tests.fixtures.command_line import Town


def test_keys_are_made_for_their_owner_only(sqlite_town: Town) -> None:
    public = json.loads(sqlite_town.key("ana").read_text())
    path = sqlite_town.folder / "ana.jwk"
    private = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert {name: private[name] for name in public} == public
    assert set(private) - set(public) == {"d"}


def test_keygen_writes_over_nothing(sqlite_town: Town) -> None:
    sqlite_town.key("ana")
    done = sqlite_town.run("keygen", "--out", str(sqlite_town.folder / "ana.jwk"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "ana.jwk" in done.stderr


def test_callers_and_departments_are_added(sqlite_town: Town) -> None:
    sqlite_town.init()
    kiosk = sqlite_town.run(
        "caller", "add", "--kind=kiosk", "--client-id=kiosk-1", "--title=K", f"--jwk={sqlite_town.key('k')}", "--json"
    )
    assert json.loads(kiosk.stdout) == {
        "client_id": "kiosk-1",
        "kind": "kiosk",
        "scopes": ["authenticate", "fleet:report", "revocations:read"],
    }
    policy = sqlite_town.folder / "policy.json"
    policy.write_text('{"services": {"library-loan": {"level": "tap", "attributes": []}}}')
    department = sqlite_town.run(
        "department", "add", "--code=education", "--title=E", f"--jwk={sqlite_town.key('e')}", f"--policy={policy}"
    )
    assert department.exit_code == 0, department.stderr
    with reading(sqlite_town.sessions()) as session:
        assert session.scalars(select(Department.code)).all() == ["education"]
        assert "caller.register" in session.scalars(select(AuditRecord.event)).all()


def test_a_caller_is_disabled(sqlite_town: Town) -> None:
    sqlite_town.init()
    sqlite_town.run("caller", "add", "--kind=kiosk", "--client-id=k", "--title=K", f"--jwk={sqlite_town.key('k')}")
    assert sqlite_town.run("caller", "disable", "bo").exit_code == 1  # an officer
    assert sqlite_town.run("caller", "disable", "k").exit_code == 0
    with reading(sqlite_town.sessions()) as session:
        disabled = session.scalars(select(Caller.client_id).where(Caller.disabled_at.is_not(None))).all()
    assert disabled == ["k"]
    assert sqlite_town.run("caller", "disable", "nobody").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kind=kiosk", "--client-id=ana", "--title=K"),  # taken
        ("--kind=kiosk", "--client-id=Kiosk 1", "--title=K"),  # not a client id
        ("--kind=kiosk", "--client-id=k", "--title=K", "--scope=cards:revoke"),  # not for a kiosk
    ],
)
def test_callers_that_cannot_be(sqlite_town: Town, arguments: tuple[str, ...]) -> None:
    sqlite_town.init()
    done = sqlite_town.run("caller", "add", *arguments, f"--jwk={sqlite_town.key('k')}")
    assert done.exit_code == 1
    assert done.stderr.startswith("cardsvc: ")


def test_a_department_needs_its_policy(sqlite_town: Town) -> None:
    done = sqlite_town.run("caller", "add", "--kind=department", "--client-id=x", "--title=x", "--jwk=x")
    assert done.exit_code == 2
    assert "department add" in done.stderr
