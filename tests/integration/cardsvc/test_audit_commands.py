"""The audit log with the command line: verify, copy, repair."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select
from typer.testing import CliRunner, Result

from cardsvc.app import create_app
from cardsvc.audit.copies import Copy
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.cli import app
from cardsvc.clock import city_day
from cardsvc.commands import audit as commands
from cardsvc.db import reading, transaction
from cardsvc.sealed.content import Content
from cardsvc.sealed.publishing import publish, release_all
from cardsvc.sealed.vault import batch_id
from cardsvc.services import Services
from cardsvc.wire.notes import NoteKey
from cardsvc.wire.officers import Role
from tests.fixtures.audit import AuditLog
from tests.fixtures.live import serving
from tests.fixtures.proofs import City
from tests.fixtures.services import PASSPHRASE


class Terminal:
    """The command line of the city whose log it is."""

    def __init__(self, log: AuditLog, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = log
        self.copy = folder / "copy.log"
        settings = log.services.settings
        monkeypatch.setenv("CARDSVC_DATABASE_URL", settings.database_url)
        monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(settings.keystore_dir))
        monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", PASSPHRASE)
        monkeypatch.setattr(commands, "system_clock", log.services.clock)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ("audit", *arguments), catch_exceptions=False)

    def json(self, *arguments: str, status: int = 0) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == status, done.output
        return json.loads(done.stdout)


@pytest.fixture
def terminal(log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    log.grow(300, *log.people())
    return Terminal(log, tmp_path, monkeypatch)


def test_the_key_is_printed_for_others(terminal: Terminal) -> None:
    assert terminal.run("key").stdout == f"{terminal.log.signer.key}\n"
    assert terminal.json("key") == {"key": str(terminal.log.signer.key)}


def test_a_good_log_is_told_to_be_good(terminal: Terminal) -> None:
    assert "good: 300 entries" in terminal.run("verify").stdout
    assert terminal.json("verify") == {"size": 300, "checkpoints": 1, "faults": 0, "first_bad": None, "findings": []}


def test_damage_is_told_and_put_right_from_the_copy(terminal: Terminal) -> None:
    assert "300 entries more, 300 in all" in terminal.run("copy", "--out", str(terminal.copy)).stdout
    terminal.log.tamper("UPDATE audit_records SET actor = 'bo' WHERE id = @42")

    for against in ((), ("--against", str(terminal.copy))):
        found = terminal.json("verify", *against, status=1)
        assert (found["faults"], found["first_bad"]["index"], found["first_bad"]["fault"]) == (1, 42, "altered")
    told = terminal.run("verify")
    assert told.exit_code == 1
    assert "the first bad entry is 42" in told.stdout

    done = terminal.json("repair", "--from", str(terminal.copy))
    counts = {"restored": 1, "displaced": 0, "notes_dropped": 0, "false_checkpoints": 0}
    assert done == {**counts, "size": 300, "checkpoints": []}
    assert terminal.json("sequence") == {"sequenced": 1}
    assert terminal.run("verify", "--against", str(terminal.copy)).exit_code == 0
    assert b'"event":"audit.repair"' in terminal.log.entries()[-1]
    assert terminal.json("repair", "--from", str(terminal.copy))["restored"] == 0
    assert terminal.json("sequence") == {"sequenced": 0}  # nothing was done, and nothing is on record


def test_many_faults_are_summed_up(terminal: Terminal) -> None:
    terminal.log.tamper("UPDATE audit_records SET actor = 'bo'")
    assert "and 280 more" in terminal.run("verify").stdout


def test_a_false_checkpoint_is_kept_as_evidence(terminal: Terminal) -> None:
    terminal.run("copy", "--out", str(terminal.copy))
    terminal.log.tamper("UPDATE audit_checkpoints SET note = replace(note, '300', '301')")
    told = terminal.run("repair", "--from", str(terminal.copy)).stdout
    assert "false checkpoints: 1" in told
    assert "127.0.0.1:8080/audit\n301\n" in told


def test_an_auditor_needs_the_database_and_the_key_alone(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(tmp_path / "none"))
    assert terminal.run("verify").exit_code == 1
    assert terminal.run("verify", "--key", str(terminal.log.signer.key)).exit_code == 0
    assert terminal.run("copy", "--out", str(terminal.copy), "--key", str(terminal.log.signer.key)).exit_code == 0


def test_what_cannot_be_used_is_refused_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text('"no checkpoint"\n')
    for arguments in (
        ("verify", "--against", str(tmp_path / "none")),
        ("verify", "--against", str(tmp_path / "bad")),
        ("verify", "--key", "nonsense"),
        ("repair", "--from", str(tmp_path / "none")),
        ("repair", "--from", str(tmp_path / "bad")),
    ):
        refused = terminal.run(*arguments)
        assert refused.exit_code == 1
        assert refused.stderr.startswith("cardsvc:")
    assert terminal.run("copy", "--out", "x", "--url", "http://127.0.0.1").exit_code == 2


class _Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def test_following_goes_on_until_stopped(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise _Stopped
        terminal.log.grow(1)

    monkeypatch.setattr("cardsvc.commands.audit.time.sleep", wait)
    with pytest.raises(_Stopped):
        terminal.run("copy", "--out", str(terminal.copy), "--follow", "--every", "7")
    assert waits == [7, 7, 7]
    assert terminal.json("copy", "--out", str(terminal.copy)) == {"added": 0, "size": 302}


@pytest.fixture
def witness(sqlite_city: City, make_log: Callable[[Services], AuditLog], tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Options of a witness who has the log's key and a caller's, and the address of the service."""
    sqlite_city.clock.now = datetime.now(UTC)  # the command has no other
    log = make_log(sqlite_city.services)
    sqlite_city.caller("witness", CallerKind.OFFICER, roles=[Role.AUDITOR])
    key = write_key(sqlite_city.keys["witness"], tmp_path)
    log.grow(1200)
    with serving(create_app(log.services)) as url:
        client = ("--client-id", "witness", "--client-key", key, "--issuer", log.services.settings.issuer)
        yield ("--url", url, *client, "--key", str(log.signer.key))


def write_key(key: ECKey, folder: Path) -> str:
    path = folder / "witness.jwk"
    path.write_text(json.dumps(key.as_dict(private=True)))
    path.chmod(0o600)
    return str(path)


def test_a_witness_copies_over_http(witness: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ("audit", "copy", "--out", str(tmp_path / "copy"), *witness))
    assert done.exit_code == 0, done.output
    assert Copy.read(tmp_path / "copy", NoteKey.parse(witness[-1])).size > 1200


def test_a_witness_hears_when_there_is_no_service(tmp_path: Path) -> None:
    client_key = write_key(ECKey.generate_key("P-256"), tmp_path)
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    options = ("--url", "http://127.0.0.1:1", "--client-id", "w", "--client-key", client_key)
    done = CliRunner().invoke(app, ("audit", "copy", "--out", str(tmp_path / "copy"), *options, "--key", key))
    assert done.exit_code == 1
    assert "The service did not give the log" in " ".join(done.stderr.split())


def test_a_released_entry_is_checked_against_the_database_and_a_copy(terminal: Terminal, tmp_path: Path) -> None:
    log, vault = terminal.log, terminal.log.services.vault
    now, day = log.services.clock(), city_day(log.services.clock())
    with transaction(log.services.sessions) as session:
        found = vault.write(session, now, lambda identity: _looked(identity, day))
        publish(session, vault, batch_id(day), actor="clock", now=now + timedelta(days=1))
        release_all(session, vault, found.investigation, actor="clock", now=now)
    log.sequencer.sequence()
    terminal.run("copy", "--out", str(terminal.copy))
    with reading(log.services.sessions) as session:
        (entry,) = session.scalars(select(AuditRecord).where(AuditRecord.event == "sealed.release"))
        opening = entry.detail["sealed"]
    shown = tmp_path / "entry.json"
    shown.write_text(json.dumps(opening))

    told = terminal.json("opening", str(shown))
    assert (told["day"], told["content"]["actor"]) == (day.isoformat(), "dan")
    against = ("--against", str(terminal.copy), "--key", str(log.signer.key))
    assert terminal.json("opening", str(shown), *against) == told

    for wrong in ({"content": opening["content"].replace("dan", "eva")}, {"day": "2026-01-01"}):
        shown.write_text(json.dumps(opening | wrong))
        for arguments in ((), against):
            assert terminal.run("opening", str(shown), *arguments).exit_code == 1


def _looked(identity: UUID, day: date) -> Content:
    return Content("investigation.open", "ok", "dan", datetime.now(UTC), identity, None, "A-1", day)
