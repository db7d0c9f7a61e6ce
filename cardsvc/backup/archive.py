"""The file of a backup: a ZIP archive whose last member says what the others are.

    tables/<name>.jsonl    a row a line, as `rows.py` writes it
    keystore/<file>        the keystore's files as they are: sealed under the operator's passphrase
    manifest.json          format, revision, and for each other member its SHA-256
    manifest.sig           the evidence key's signature over it (ECDSA with SHA-256, DER)

The signature stands for the passphrase: its key comes out of the keystore that lies beside it, which nobody can
have replaced without knowing the passphrase.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from cardsvc.backup.errors import BackupDamaged, BackupExists, NotABackup

FORMAT: Final = "citizen-card-backup/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
_LARGEST_MANIFEST: Final = 2**20


class SavedTable(BaseModel):
    """A table in a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: dict[str, str]
    """The kind of each column, of `rows.KINDS`."""
    later: list[str]
    """Columns that name rows which come later in the backup, to be filled in when those are there."""
    rows: int


class Manifest(BaseModel):
    """What is in a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    made_at: str
    """ISO 8601, UTC: nothing that was committed later is in it."""
    revision: str
    """Of the database (`cardsvc migrate`)."""
    tables: list[SavedTable]
    """In the order in which they can be filled."""
    sha256: dict[str, str]
    """Of every other member."""


class BackupWriter:
    """Writes members and remembers what they were."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sha256: dict[str, str] = {}

    def write(self, member: str, chunks: Iterable[bytes]) -> None:
        """Add a member."""
        digest = hashlib.sha256()
        with self._archive.open(member, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self.sha256[member] = digest.hexdigest()


@contextmanager
def new_backup(path: Path) -> Iterator[BackupWriter]:
    """A file that is there when it is complete and on the disk, and not before. Raises BackupExists."""
    if path.exists():
        raise BackupExists(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield BackupWriter(archive)
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _put_in_place(unfinished: Path, path: Path) -> None:
    try:
        path.hardlink_to(unfinished)  # unlike a rename, fails when somebody else was faster
    except FileExistsError:
        raise BackupExists(path) from None
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class BackupReader:
    """Reads members; whatever differs from the manifest is refused."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.manifest_bytes = self._small(MANIFEST)
        self.signature = self._small(SIGNATURE)
        self.manifest = _parse_manifest(self.manifest_bytes)

    def lines(self, member: str) -> Iterator[bytes]:
        """The lines of a member. Raises BackupDamaged, at the latest after the last line."""
        digest = hashlib.sha256()
        try:
            with self._archive.open(member) as file:
                for line in file:
                    digest.update(line)
                    yield line
        except (KeyError, OSError, zipfile.BadZipFile, EOFError) as error:
            raise BackupDamaged(member) from error
        if digest.hexdigest() != self.manifest.sha256.get(member):
            raise BackupDamaged(member)

    def members(self, folder: str) -> list[str]:
        """What the manifest lists in a folder."""
        return [name for name in self.manifest.sha256 if name.startswith(f"{folder}/")]

    def _small(self, member: str) -> bytes:
        try:
            with self._archive.open(member) as file:
                return file.read(_LARGEST_MANIFEST)
        except KeyError:
            raise NotABackup(f"it has no {member}") from None
        except (OSError, zipfile.BadZipFile, EOFError):
            raise BackupDamaged(member) from None


@contextmanager
def open_backup(path: Path) -> Iterator[BackupReader]:
    """Raises NotABackup, BackupDamaged and OSError."""
    with path.open("rb") as file:  # closed by us: an archive leaves it open while a member is half read
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile:
            raise NotABackup("it is no ZIP archive") from None
        with archive:
            yield BackupReader(archive)


def _parse_manifest(content: bytes) -> Manifest:
    try:
        document: Any = json.loads(content)
        known = isinstance(document, dict) and document.get("format") == FORMAT
        if known:
            return Manifest.model_validate(document)
    except (ValueError, ValidationError):
        raise BackupDamaged(MANIFEST) from None
    raise NotABackup(f"its format is not {FORMAT}")
