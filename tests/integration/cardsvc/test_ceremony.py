"""Founding a city with the command line: once, by two people, wholly or not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import inspect, select
from typer.testing import CliRunner, Result

from cardsvc import ceremony, schema
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import principal_of
from cardsvc.callers.scopes import SCOPES_OF_KIND
from cardsvc.cli import app
from cardsvc.db import reading
from cardsvc.departments.models import Department
from cardsvc.services import build_services
from cardsvc.settings import Settings
from cardsvc.trust.keystore import KeystoreError
from cardsvc.trust.pkcs11_keystore import Pkcs11Keystore, TokenAddress
from readers.paths import validate_path
from tests.fixtures.command_line import Town

WITNESS = "--witness=city notary"


def test_a_city_is_founded(town: Town) -> None:
    done = town.init()
    assert done.exit_code == 0, done.output
    with reading(town.sessions()) as session:
        officers = session.scalars(select(Caller).order_by(Caller.client_id)).all()
        record = session.scalars(select(AuditRecord).where(AuditRecord.event == "ceremony.found")).one()
    assert [officer.client_id for officer in officers] == ["ana", "bo"]
    assert {officer.kind for officer in officers} == {CallerKind.OFFICER}
    assert all(principal_of(officer).scopes == SCOPES_OF_KIND[CallerKind.OFFICER] for officer in officers)
    root = x509.load_pem_x509_certificate((town.folder / "root.pem").read_bytes())
    assert record.actor == "ceremony"
    assert record.detail["witness"] == "city notary"
    assert record.detail["audit_key"] == town.run("audit", "key").stdout.strip()
    assert record.detail["certificates"]["root CA"] == root.fingerprint(SHA256()).hex()
    assert root.fingerprint(SHA256()).hex()[:8] in done.stdout


def test_the_service_starts_from_what_the_ceremony_made(town: Town) -> None:
    town.init()
    authority = build_services(Settings()).authority
    now = authority.issuing.not_valid_before_utc + timedelta(hours=1)
    validate_path(authority.content_signing, [authority.issuing], [authority.root], now)
    assert schema.revision_of(town.engine()) == schema.newest_revision()


@pytest.mark.parametrize("founded", ["true", "false"])
def test_a_sandbox_and_a_city_do_not_start_with_each_others_keys(
    sqlite_town: Town, founded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDSVC_SANDBOX", founded)
    sqlite_town.init()
    assert build_services(Settings()).authority.title.startswith("TEST ") is (founded == "true")
    monkeypatch.setenv("CARDSVC_SANDBOX", "false" if founded == "true" else "true")
    with pytest.raises(KeystoreError, match=f"CARDSVC_SANDBOX is {'false' if founded == 'true' else 'true'}"):
        build_services(Settings())


def test_an_older_keystore_is_completed(sqlite_town: Town) -> None:
    sqlite_town.init()
    (sqlite_town.keystore / "audit-log.key").unlink()
    refused_start = sqlite_town.run("serve", "--port=0")
    assert (refused_start.exit_code, "cardsvc trust add-keys" in refused_start.stderr) == (1, True)
    assert json.loads(sqlite_town.run("trust", "add-keys", "--json").stdout) == {"made": ["audit-log"]}
    assert json.loads(sqlite_town.run("trust", "add-keys", "--json").stdout) == {"made": []}
    build_services(Settings())


@pytest.fixture
def token_town(sqlite_town: Town, soft_token: Callable[[], TokenAddress], monkeypatch: pytest.MonkeyPatch) -> Town:
    """Its keys are to be in a PKCS #11 token."""
    address = soft_token()
    pin = sqlite_town.folder / "pin"
    pin.write_text(address.pin)
    pin.chmod(0o600)
    monkeypatch.delenv("CARDSVC_KEYSTORE_PASSPHRASE")
    for name, value in (("", "pkcs11"), ("_MODULE", address.module), ("_TOKEN", address.label), ("_PIN_FILE", pin)):
        monkeypatch.setenv("CARDSVC_PKCS11" + name if name else "CARDSVC_KEYSTORE", str(value))
    return sqlite_town


def test_a_city_is_founded_on_a_token(token_town: Town) -> None:
    assert token_town.init().exit_code == 0
    services = build_services(Settings())
    assert isinstance(services.keystore, Pkcs11Keystore)
    now = services.authority.issuing.not_valid_before_utc + timedelta(hours=1)
    validate_path(services.authority.content_signing, [services.authority.issuing], [services.authority.root], now)
    assert not list(token_town.keystore.glob("*.key"))
    assert json.loads(token_town.run("trust", "add-keys", "--json").stdout) == {"made": []}


def test_a_city_on_a_token_is_restored_beside_its_token(token_town: Town) -> None:
    """A backup has the certificates and the rows; the keys have never left the token."""
    token_town.init()
    before = build_services(Settings())
    saved = token_town.folder / "city.backup"
    assert token_town.run("backup", "--out", str(saved)).exit_code == 0
    token_town.keystore.rename(token_town.folder / "away")
    (token_town.folder / "data" / "cards.db").unlink()
    assert token_town.run("restore", str(saved)).exit_code == 0
    after = build_services(Settings())
    assert after.authority.issuing == before.authority.issuing
    assert token_town.run("audit", "sequence").exit_code == 0
    assert token_town.run("audit", "verify").exit_code == 0


def test_a_ceremony_that_fails_leaves_no_keys_in_the_token(token_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(ceremony, "_move_in", disk_full)
        refused(token_town, token_town.init(), "no space left")
    for key in token_town.folder.glob("*.jwk"):
        key.unlink()
    assert token_town.init().exit_code == 0


def test_a_token_that_has_keys_is_left_alone(token_town: Town) -> None:
    token_town.init()
    token_town.keystore.rename(token_town.folder / "away")
    (token_town.folder / "data" / "cards.db").unlink()
    for key in token_town.folder.glob("*.jwk"):
        key.unlink()
    refused(token_town, token_town.init(), "has keys already")


def test_a_token_wants_all_its_settings(token_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDSVC_PKCS11_PIN_FILE")
    refused(token_town, token_town.init(), "pkcs11_pin_file")


def test_without_the_extra_a_token_is_refused_with_a_sentence(
    token_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cardsvc.trust.pkcs11_keystore", None)
    monkeypatch.delattr("cardsvc.trust.pkcs11_keystore")
    refused(token_town, token_town.init(), "citizen-card[hsm]")


def test_there_is_no_second_ceremony(town: Town) -> None:
    town.init()
    before = {path.name: path.read_bytes() for path in town.keystore.iterdir()}
    done = town.init("cy", "di")
    assert (done.exit_code, "nothing was changed" in done.stderr) == (1, True)
    assert {path.name: path.read_bytes() for path in town.keystore.iterdir()} == before
    with reading(town.sessions()) as session:
        assert len(session.scalars(select(Caller)).all()) == 2


def test_a_database_with_callers_has_had_its_ceremony(town: Town) -> None:
    """Somebody who removed the keystore does not become an officer by it."""
    town.init()
    town.keystore.rename(town.folder / "away")
    done = town.init("cy", "di")
    assert (done.exit_code, "has callers already" in done.stderr) == (1, True)
    assert not town.keystore.exists()
    assert_no_remains(town)


def assert_no_remains(town: Town) -> None:
    assert not list(town.folder.glob(".keystore.*"))


def refused(town: Town, done: Result, sentence: str) -> None:
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not town.keystore.exists()
    assert_no_remains(town)


def test_one_officer_is_not_enough(sqlite_town: Town) -> None:
    refused(sqlite_town, sqlite_town.init("ana"), "Name two officers")


def test_three_officers_are_too_many(sqlite_town: Town) -> None:
    refused(sqlite_town, sqlite_town.init("ana", "bo", "cy"), "Name two officers")


def test_one_key_is_one_person(sqlite_town: Town) -> None:
    key = sqlite_town.key("ana")
    done = sqlite_town.run("init", WITNESS, f"--officer=ana={key}", f"--officer=bo={key}")
    refused(sqlite_town, done, "the same key")


@pytest.mark.parametrize("witness", [" ", "ana", "Bo "])
def test_somebody_else_watches(sqlite_town: Town, witness: str) -> None:
    officers = [f"--officer={name}={sqlite_town.key(name)}" for name in ("ana", "bo")]
    refused(sqlite_town, sqlite_town.run("init", f"--witness={witness}", *officers), "a witness")


def test_without_a_witness_there_is_no_ceremony(sqlite_town: Town) -> None:
    officers = [f"--officer={name}={sqlite_town.key(name)}" for name in ("ana", "bo")]
    assert sqlite_town.run("init", *officers).exit_code == 2
    assert not sqlite_town.keystore.exists()


def test_the_same_name_twice(sqlite_town: Town) -> None:
    one, other = sqlite_town.key("ana"), sqlite_town.key("bo")
    refused(
        sqlite_town, sqlite_town.run("init", WITNESS, f"--officer=ana={one}", f"--officer=ana={other}"), "comes once"
    )


def test_a_private_key_is_not_taken(sqlite_town: Town) -> None:
    """It would mean that somebody else has seen it."""
    sqlite_town.key("ana")
    done = sqlite_town.run(
        "init", WITNESS, f"--officer=ana={sqlite_town.folder / 'ana.jwk'}", f"--officer=bo={sqlite_town.key('bo')}"
    )
    refused(sqlite_town, done, "public")


@pytest.mark.parametrize("content", ["{", "[]", '{"kty": "RSA"}'])
def test_a_file_that_is_no_key(sqlite_town: Town, content: str) -> None:
    (sqlite_town.folder / "x").write_text(content)
    done = sqlite_town.run(
        "init", WITNESS, f"--officer=ana={sqlite_town.folder / 'x'}", f"--officer=bo={sqlite_town.key('bo')}"
    )
    refused(sqlite_town, done, "cardsvc:")


def test_a_missing_file_is_named(sqlite_town: Town) -> None:
    done = sqlite_town.run("init", WITNESS, "--officer=ana=/nowhere/a.jwk", f"--officer=bo={sqlite_town.key('bo')}")
    refused(sqlite_town, done, "/nowhere/a.jwk")


def test_no_passphrase_no_city(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDSVC_KEYSTORE_PASSPHRASE")
    refused(sqlite_town, sqlite_town.init(), "CARDSVC_KEYSTORE_PASSPHRASE")


def test_a_ceremony_that_fails_half_way_leaves_nothing(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step before the commit fails: no keystore, no officers, and the ceremony can be held again."""

    def disk_full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(ceremony, "_move_in", disk_full)
        refused(sqlite_town, sqlite_town.init(), "no space left")
    for key in sqlite_town.folder.glob("*.jwk"):
        key.unlink()
    assert sqlite_town.init().exit_code == 0


def test_a_commit_that_fails_takes_the_keystore_back(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = ceremony._move_in

    def move_and_fail(nursery: Path, folder: Path) -> None:
        moved(nursery, folder)
        raise OSError("the database went away")

    monkeypatch.setattr(ceremony, "_move_in", move_and_fail)
    refused(sqlite_town, sqlite_town.init(), "the database went away")


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


def test_migrate_is_safe_to_repeat(town: Town) -> None:
    first = town.run("migrate", "--json")
    assert json.loads(first.stdout) == {"before": None, "after": schema.newest_revision()}
    assert "up to date" in town.run("migrate").stdout
    assert "callers" in inspect(town.engine()).get_table_names()


@pytest.mark.parametrize("command", [("serve", "--port=0"), ("caller", "disable", "ana")])
def test_a_database_of_another_version_is_not_touched(sqlite_town: Town, command: tuple[str, ...]) -> None:
    (sqlite_town.folder / "data").mkdir()
    done = sqlite_town.run(*command)
    assert done.exit_code == 1
    assert "cardsvc migrate" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CARDSVC_ISSUER", "nonsense"), ("CARDSVC_DATABASE_URL", "postgresql+psycopg://x@127.0.0.1:1/x")],
)
def test_settings_that_do_not_work_are_named(
    sqlite_town: Town, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = sqlite_town.run("migrate")
    assert done.exit_code == 1
    assert variable in done.stderr


def test_before_the_ceremony_a_command_says_what_comes_first(sqlite_town: Town) -> None:
    done = sqlite_town.run("caller", "disable", "ana")
    assert done.exit_code == 1
    assert "cardsvc init" in done.stderr


def test_the_openapi_document_needs_no_city(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", "/nowhere")
    document = json.loads(CliRunner().invoke(app, ["openapi"]).stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/cards/{card_uuid}/revoke" in document["paths"]


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "migrate",
        "serve",
        "openapi",
        "keygen",
        "caller add",
        "caller disable",
        "caller change-key",
        "caller list",
        "department add",
        "department list",
        "department publish",
        "office change",
        "office close",
        "office list",
        "office open",
        "officer add",
        "officer change",
        "officer disable",
        "officer grant",
        "officer list",
        "officer withdraw",
        "people erasures",
        "people reindex",
        "retention run",
        "retention table",
        "trust add-keys",
    ],
)
def test_every_command_shows_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert f"Example: cardsvc {command}" in " ".join(done.stdout.split())
