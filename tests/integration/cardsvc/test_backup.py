"""Backups of either kind of database, taken back into either: wholly, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from cardsvc.backup.saving import save
from cardsvc.callers.models import Caller, UsedClientAssertion
from cardsvc.cli import app
from cardsvc.db import create_database_engine, snapshot
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import KeyName
from tests.fixtures.rows import ROWS, Rows, fill, read_all
from tests.fixtures.services import NOW, PASSPHRASE

OWN_RECORD = "backup.restore"


class Place:
    """A database and a keystore folder, and the command line for them."""

    def __init__(self, url: str, keystore: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url, self.keystore, self._monkeypatch = url, keystore, monkeypatch
        self.engine = create_database_engine(url)
        self.passphrase = PASSPHRASE

    def run(self, *arguments: str) -> Result:
        self._monkeypatch.setenv("CARDSVC_DATABASE_URL", self.url)
        self._monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(self.keystore))
        self._monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", self.passphrase)
        return CliRunner().invoke(app, arguments, catch_exceptions=False)

    def rows(self) -> Rows:
        with self.engine.connect() as connection:
            return read_all(connection)

    def is_empty(self) -> bool:
        return not sa.inspect(self.engine).get_table_names() and not self.keystore.exists()


OpenPlace = Callable[[str, Path], Place]


@pytest.fixture
def open_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPlace]:
    opened: list[Place] = []

    def opening(url: str, keystore: Path) -> Place:
        opened.append(Place(url, keystore, monkeypatch))
        return opened[-1]

    yield opening
    for place in opened:
        place.engine.dispose()


@pytest.fixture
def old(database_url: str, keystore_folder: Path, tmp_path: Path, open_place: OpenPlace) -> Place:
    """Rows in every table."""
    shutil.copytree(keystore_folder, tmp_path / "keystore")
    place = open_place(database_url, tmp_path / "keystore")
    fill(place.engine)
    return place


@pytest.fixture
def new(empty_database_url: str, tmp_path: Path, open_place: OpenPlace) -> Place:
    return open_place(empty_database_url, tmp_path / "restored" / "keystore")


@pytest.fixture
def backup(old: Place, tmp_path: Path) -> Path:
    path = tmp_path / "city.backup"
    done = old.run("backup", "--out", str(path))
    assert done.exit_code == 0, done.output
    return path


def test_what_is_restored_is_what_was_saved_on_either_kind_of_database(old: Place, backup: Path, new: Place) -> None:
    done = new.run("restore", str(backup), "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    before, after = old.rows(), new.rows()
    assert report["rows"] == {name: len(rows) for name, rows in before.items()}
    own = [row for row in after["audit_records"] if OWN_RECORD in row]
    after["audit_records"] = [row for row in after["audit_records"] if row not in own]
    assert len(own) == 1
    after["audit_waiting"] = [row for row in after["audit_waiting"] if row[0] != own[0][0]]
    assert after == before
    assert all(len(rows) == ROWS for rows in before.values())
    kept = {path.name: path.read_bytes() for path in old.keystore.iterdir()}
    assert {path.name: path.read_bytes() for path in new.keystore.iterdir()} == kept


def test_a_key_that_is_made_during_a_backup_is_in_it_when_a_row_names_it(
    old: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotation writes the key and then commits the row, while a backup is being made."""
    keystore = FileKeystore.load(old.keystore, PASSPHRASE.encode())

    def rotate_first(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
        keystore.add_version(KeyName.ASSERTION)
        return snapshot(engine)

    monkeypatch.setattr("cardsvc.backup.saving.snapshot", rotate_first)
    path = tmp_path / "city.backup"
    assert old.run("backup", "--out", str(path)).exit_code == 0
    with zipfile.ZipFile(path) as archive:
        saved = {name.removeprefix("keystore/") for name in archive.namelist() if name.startswith("keystore/")}
    assert saved == {file.name for file in old.keystore.iterdir()}


def test_a_backup_is_for_its_owners_eyes(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir() if path.suffix == ".unfinished"] == []


def test_a_backup_is_not_written_over(old: Place, backup: Path) -> None:
    before = backup.read_bytes()
    refused = old.run("backup", "--out", str(backup))
    assert refused.exit_code == 1
    assert "there already" in refused.output.replace("\n", " ")
    assert backup.read_bytes() == before


def test_nothing_is_restored_over_rows(old: Place, backup: Path, tmp_path: Path, open_place: OpenPlace) -> None:
    taken = open_place(old.url, tmp_path / "other")
    before = taken.rows()
    refused = taken.run("restore", str(backup))
    assert refused.exit_code == 1
    assert "the database" in refused.output
    assert taken.rows() == before
    assert not taken.keystore.exists()


def test_nothing_is_restored_over_keys(backup: Path, new: Place) -> None:
    new.keystore.mkdir(parents=True)
    (new.keystore / "something").write_text("mine")
    refused = new.run("restore", str(backup))
    assert refused.exit_code == 1
    assert [path.name for path in new.keystore.iterdir()] == ["something"]
    assert not sa.inspect(new.engine).get_table_names()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_a_backup_that_is_cut_off_restores_nothing(backup: Path, new: Place, cut: float) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(len(content) * cut)])
    refused = new.run("restore", str(backup))
    assert refused.exit_code == 1
    assert new.is_empty()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("member", ["tables/cards.jsonl", "keystore/root-ca.pem", "manifest.json", "manifest.sig"])
def test_a_backup_in_which_anything_was_changed_restores_nothing(backup: Path, new: Place, member: str) -> None:
    rewrite(backup, {member: lambda content: content[:-9] + bytes(9 * [content[-10] ^ 1])})
    refused = new.run("restore", str(backup))
    assert refused.exit_code == 1
    assert str(backup) not in open_files()
    assert new.is_empty()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hashes_made_to_fit_do_not_help_without_the_key(backup: Path, new: Place) -> None:
    def made_to_fit(content: bytes) -> bytes:
        document = json.loads(content)
        document["sha256"]["tables/cards.jsonl"] = hashlib.sha256(b"").hexdigest()
        document["tables"] = [t | ({"rows": 0} if t["name"] == "cards" else {}) for t in document["tables"]]
        return json.dumps(document).encode()

    rewrite(backup, {"tables/cards.jsonl": lambda _: b"", "manifest.json": made_to_fit})
    refused = new.run("restore", str(backup))
    assert refused.exit_code == 1
    assert "manifest.json" in refused.output
    assert new.is_empty()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_passphrase_opens_nothing(backup: Path, new: Place) -> None:
    new.passphrase = "wrong"
    refused = new.run("restore", str(backup))
    assert refused.exit_code == 1
    assert "passphrase" in refused.output
    assert new.is_empty()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_no_backup_is_called_that(new: Place, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Sir")
    refused = new.run("restore", str(tmp_path / "letter"))
    assert refused.exit_code == 1
    assert "no ZIP archive" in refused.output
    assert new.is_empty()


def test_a_backup_is_one_moment_however_long_it_takes(old: Place, keystore: FileKeystore, tmp_path: Path) -> None:
    """Something is written by another connection after the first table was read."""
    told: list[str] = []

    def telling(table: str, _rows: int) -> None:
        if not told:
            write_late(old.url)
        told.append(table)

    manifest = save(
        tmp_path / "city.backup",
        old.engine,
        old.keystore,
        keystore=keystore,
        revision="0001",
        now=NOW,
        told=telling,
    )
    assert told[0] != UsedClientAssertion.__tablename__
    assert {table.name: table.rows for table in manifest.tables}[UsedClientAssertion.__tablename__] == ROWS
    assert len(old.rows()[UsedClientAssertion.__tablename__]) == ROWS + 1


def write_late(url: str) -> None:
    engine = create_database_engine(url)
    with engine.begin() as connection:
        caller_id = connection.scalar(sa.select(Caller.id).limit(1))
        row = {"id": uuid4(), "caller_id": caller_id, "jti": "late", "expires_at": NOW}
        connection.execute(sa.insert(UsedClientAssertion), [row])
    engine.dispose()


def open_files() -> set[str]:
    """What this process holds open."""
    return {str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}


def rewrite(backup: Path, changes: dict[str, Callable[[bytes], bytes]]) -> None:
    """A new archive in its place, with some members changed."""
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(backup, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, changes.get(name, bytes)(content))
