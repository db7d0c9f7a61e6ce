"""Officers, offices, people and retention at the command line."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import Result

from cardsvc.audit.models import AuditRecord
from cardsvc.citizens.erasing import ErasedPerson, note_erasure
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import enrol
from cardsvc.db import reading, transaction
from cardsvc.settings import Settings
from cardsvc.trust.keystores import load_keystore
from cardsvc.wire.lifecycle import Person
from tests.fixtures.command_line import Town

WEI = Person(name="陈伟", birth_date=date(1990, 5, 17), document_number="M1111111", district="hengqin")


@pytest.fixture
def founded(sqlite_town: Town) -> Town:
    """With the officers ana and bo, and cy, who has no role."""
    sqlite_town.init()
    added = sqlite_town.run("officer", "add", "--client-id=cy", "--title=Cy Lam", f"--jwk={sqlite_town.key('cy')}")
    assert added.exit_code == 0, added.stderr
    return sqlite_town


def officers(town: Town) -> dict[str, list[str]]:
    listed = json.loads(town.run("officer", "list", "--json").stdout)["officers"]
    return {officer["client_id"]: officer["roles"] for officer in listed}


def grant(town: Town, requested_by: str, approved_by: str) -> Result:
    return town.run(
        *("officer", "grant", "cy", "clerk", "--reason=new here"),
        *(f"--requested-by={requested_by}", f"--approved-by={approved_by}"),
    )


def keyed(town: Town, name: str, key_of: str | None = None) -> str:
    return f"{name}={town.folder / (key_of or name)}.jwk"


def test_two_officers_with_their_keys_give_a_role(founded: Town) -> None:
    assert officers(founded)["cy"] == []
    done = grant(founded, keyed(founded, "ana"), keyed(founded, "bo"))
    assert (done.exit_code, done.stdout.strip()) == (0, "cy is clerk now")
    assert officers(founded)["cy"] == ["clerk"]
    with reading(founded.sessions()) as session:
        record = session.scalars(select(AuditRecord).where(AuditRecord.event == "role.grant")).one()
    assert (record.actor, record.detail["approved_by"]) == ("ana", "bo")

    assert "cy: clerk" in founded.run("officer", "list").stdout
    assert founded.run("officer", "withdraw", "cy", "clerk").exit_code == 0
    assert officers(founded)["cy"] == []
    assert founded.run("officer", "withdraw", "cy", "clerk").exit_code == 1


def test_whoever_has_no_part_in_it_gives_no_role(founded: Town) -> None:
    ana, bo, cy = (keyed(founded, name) for name in ("ana", "bo", "cy"))
    for requested_by, approved_by, why in (
        (ana, ana, "Nobody decides what they asked for themselves"),
        (ana, keyed(founded, "bo", key_of="ana"), "is not the private key of bo"),
        (ana, f"bo={founded.folder / 'bo'}.pub.jwk", "is not the private key of bo"),
        (ana, "bo", "NAME=FILE"),
        (cy, bo, "needs another scope"),
        (ana, cy, "needs another scope"),
        (keyed(founded, "nobody", key_of="ana"), bo, "No officer has this client id"),
    ):
        done = grant(founded, requested_by, approved_by)
        assert done.exit_code == 1
        assert why in " ".join(done.stderr.split()), done.stderr
    assert officers(founded)["cy"] == []


def test_an_officer_who_was_put_out_gives_nothing_and_is_listed_as_out(founded: Town) -> None:
    assert grant(founded, keyed(founded, "ana"), keyed(founded, "bo")).exit_code == 0
    assert founded.run("officer", "disable", "bo").exit_code == 0
    assert "bo: out" in founded.run("officer", "list").stdout
    assert "was put out" in " ".join(grant(founded, keyed(founded, "ana"), keyed(founded, "bo")).stderr.split())
    assert founded.run("officer", "disable", "ana").exit_code == 1  # nobody would be left


def test_offices_are_opened_moved_to_and_closed(founded: Town) -> None:
    assert founded.run("office", "list").stdout.strip() == "none"
    assert founded.run("office", "open", "taipa", "--title=Taipa").exit_code == 0
    assert founded.run("office", "open", "Taipa 2", "--title=Taipa").exit_code == 1
    assert founded.run("office", "change", "taipa", "--title=Taipa hall").exit_code == 0
    assert founded.run("office", "change", "nowhere", "--title=Taipa").exit_code == 1
    assert founded.run("office", "change", "taipa", "--title=").exit_code == 1
    changed = founded.run("officer", "change", "cy", "--office=taipa", "--title=Cy", "--json")
    assert (json.loads(changed.stdout)["office"], json.loads(changed.stdout)["title"]) == ("taipa", "Cy")
    assert founded.run("office", "close", "taipa").exit_code == 1  # cy works there
    founded.run("officer", "disable", "cy")
    assert founded.run("office", "close", "taipa").exit_code == 0
    assert founded.run("office", "list").stdout.strip() == "taipa: Taipa hall (closed)"


def enrolled(town: Town) -> Citizen:
    with transaction(town.sessions()) as session:
        return enrol(session, load_keystore(Settings()), WEI, datetime.now(UTC))


def test_people_are_indexed_anew(founded: Town) -> None:
    enrolled(founded)
    done = founded.run("people", "reindex", "--json")
    assert json.loads(done.stdout) == {"people": 1}


def test_erasures_are_replayed_from_a_list_and_only_once(founded: Town) -> None:
    person, listed = enrolled(founded), founded.folder / "erasures.jsonl"
    note_erasure(listed, ErasedPerson(person.id, datetime.now(UTC), "ana", "bo"))
    for replayed in (1, 0):
        done = json.loads(founded.run("people", "erasures", f"--replay={listed}", "--json").stdout)
        assert (done["replayed"], [erased["citizen_id"] for erased in done["erased"]]) == (replayed, [str(person.id)])


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"citizen_id": "x"}', '{"citizen_id": "00000000-0000-4000-8000-000000000001"}']
)
def test_a_list_of_erasures_without_sense_is_refused_in_a_sentence(founded: Town, line: str) -> None:
    person, listed = enrolled(founded), founded.folder / "erasures.jsonl"
    note_erasure(listed, ErasedPerson(person.id, datetime.now(UTC), "ana", "bo"))
    listed.write_text(listed.read_text() + line + "\n")
    done = founded.run("people", "erasures", f"--replay={listed}")
    assert done.exit_code == 1
    assert "line 2" in " ".join(done.stderr.split())
    assert json.loads(founded.run("people", "erasures", "--json").stdout)["erased"] == []


def test_retention_counts_before_it_deletes(founded: Town) -> None:
    counted = json.loads(founded.run("retention", "run", "--dry-run", "--json").stdout)
    assert counted["dry_run"] is True
    assert set(counted["count"].values()) == {0}
    assert json.loads(founded.run("retention", "run", "--json").stdout)["count"] == counted["count"]
    assert "policy-drafts" in founded.run("retention", "run").stdout
    names = {rule["name"] for rule in json.loads(founded.run("retention", "table", "--json").stdout)}
    assert names == set(counted["count"])


def test_the_table_of_retention_is_the_page(founded: Town) -> None:
    page = Path("docs/retention.md").read_text()
    assert founded.run("retention", "table").stdout.strip() in page
