"""Take a backup back: wholly, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cardsvc import schema
from cardsvc.backup.archive import MANIFEST, BackupReader, Manifest, SavedTable, open_backup
from cardsvc.backup.errors import BackupDamaged, NotABackup, RoomTaken
from cardsvc.backup.rows import read_row, table_like
from cardsvc.backup.saving import Progress
from cardsvc.trust.keystore import KeyName, Keystore

_ROWS_AT_A_TIME: Final = 1000


def restore(
    path: Path,
    engine: sa.Engine,
    keystore_dir: Path,
    *,
    open_keystore: Callable[[Path], Keystore],
    finish: Callable[[sa.Connection, Manifest], object],
    told: Progress,
) -> Manifest:
    """Fill an empty database and an empty keystore folder from a backup, and bring the rows up to this version.

    ``finish`` works on the restored database before anything is committed; what it raises undoes everything.

    Raises NotABackup, BackupDamaged, RoomTaken, KeystoreError, OSError.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(open_backup(path))
        _check_room(engine, keystore_dir, reader.manifest)
        nursery = keystore_dir.with_name(f".{keystore_dir.name}.restored")
        stack.callback(shutil.rmtree, nursery, ignore_errors=True)
        _unpack_keystore(reader, nursery)
        keystore = open_keystore(nursery)
        _check_signature(reader, keystore)
        with engine.begin() as connection:
            schema.upgrade_within(connection, reader.manifest.revision)
            for table in reader.manifest.tables:
                _load(connection, reader, table, told)
            for table in reader.manifest.tables:
                _fill_in(connection, reader, table)
            schema.upgrade_within(connection)
            finish(connection, reader.manifest)
            stack.enter_context(_moved_in(nursery, keystore_dir))
    return reader.manifest


def _check_room(engine: sa.Engine, keystore_dir: Path, manifest: Manifest) -> None:
    if keystore_dir.exists() and any(keystore_dir.iterdir()):
        raise RoomTaken(str(keystore_dir))
    if sa.inspect(engine).get_table_names():
        raise RoomTaken("the database")
    if not schema.knows(manifest.revision):
        raise NotABackup(f"it is of revision {manifest.revision}, which this version does not know; use a newer one")


def _unpack_keystore(reader: BackupReader, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    for member in reader.members("keystore"):
        inside = PurePosixPath(member).relative_to("keystore")
        if inside.is_absolute() or ".." in inside.parts:
            raise BackupDamaged(member)
        file = folder / inside
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(b"".join(reader.lines(member)))


def _check_signature(reader: BackupReader, keystore: Keystore) -> None:
    try:
        keystore.public_key(KeyName.EVIDENCE).verify(reader.signature, reader.manifest_bytes, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise BackupDamaged(MANIFEST) from None


def _load(connection: sa.Connection, reader: BackupReader, saved: SavedTable, told: Progress) -> None:
    """All rows of a table, without the columns that are filled in later."""
    table, loaded = table_like(saved), 0
    for rows in _batches(_rows(reader, saved)):
        connection.execute(table.insert(), [row | dict.fromkeys(saved.later) for row in rows])
        loaded += len(rows)
        told(saved.name, loaded)
    if loaded != saved.rows:
        raise BackupDamaged(f"the number of rows of {saved.name}")


def _fill_in(connection: sa.Connection, reader: BackupReader, saved: SavedTable) -> None:
    """The columns that name rows which were not there yet."""
    if not saved.later:
        return
    table = table_like(saved)
    change = (
        table.update()
        .where(table.c.id == sa.bindparam("row_id"))
        .values({column: sa.bindparam(f"new_{column}") for column in saved.later})
    )
    wanted = (row for row in _rows(reader, saved) if any(row[column] is not None for column in saved.later))
    for rows in _batches(wanted):
        connection.execute(
            change, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in saved.later}} for row in rows]
        )


def _rows(reader: BackupReader, saved: SavedTable) -> Iterator[dict[str, Any]]:
    return (read_row(line, saved) for line in reader.lines(f"tables/{saved.name}.jsonl"))


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_AT_A_TIME)):
        yield batch


@contextmanager
def _moved_in(nursery: Path, folder: Path) -> Iterator[None]:
    """The keys go with the rows: when those are not committed, they are taken away again."""
    try:
        nursery.replace(folder)  # fails unless the folder is empty or not there
    except OSError:
        raise RoomTaken(str(folder)) from None
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
