"""Founding a city with the command line: once, by two people, wholly or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select

from cardsvc import ceremony, schema
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import principal_of
from cardsvc.callers.scopes import SCOPES_OF_KIND
from cardsvc.db import reading
from cardsvc.services import build_services
from cardsvc.settings import Settings
from cardsvc.trust.keystore import KeystoreError
from readers.paths import validate_path
from tests.fixtures.command_line import Town, assert_no_remains, refused

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
