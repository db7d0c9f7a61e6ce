"""Make a backup while the service goes on working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cardsvc.backup.archive import FORMAT, MANIFEST, SIGNATURE, BackupWriter, Manifest, SavedTable, new_backup
from cardsvc.backup.rows import kind_of, saved_tables, write_rows
from cardsvc.db import snapshot
from cardsvc.models import Base
from cardsvc.trust.keystore import KeyName, Keystore

Progress = Callable[[str, int], None]
"""Told the table and how many of its rows are saved so far."""

_ROWS_AT_A_TIME: Final = 1000


def save(
    out: Path,
    engine: sa.Engine,
    keystore_dir: Path,
    *,
    keystore: Keystore,
    revision: str,
    now: datetime,
    told: Progress,
) -> Manifest:
    """Write everything, as it is at one moment, to a new file. Raises BackupExists, OSError."""
    with new_backup(out) as writer:
        with snapshot(engine) as connection:
            tables = [_save_table(connection, writer, *saved, told) for saved in saved_tables(Base.metadata)]
        # After the rows: a key is made before the row that names it is committed, and never goes away.
        for file in sorted(path for path in keystore_dir.rglob("*") if path.is_file()):
            writer.write(f"keystore/{file.relative_to(keystore_dir).as_posix()}", [file.read_bytes()])
        manifest = Manifest(
            format=FORMAT,
            made_at=now.astimezone(UTC).isoformat(),
            revision=revision,
            tables=tables,
            sha256=dict(writer.sha256),
        )
        content = manifest.model_dump_json(indent=2).encode()
        writer.write(MANIFEST, [content])
        writer.write(SIGNATURE, [keystore.signer(KeyName.EVIDENCE).sign(content, ec.ECDSA(SHA256()))])
    return manifest


def _save_table(
    connection: sa.Connection, writer: BackupWriter, table: sa.Table, later: list[str], told: Progress
) -> SavedTable:
    kinds = {column.name: kind_of(column) for column in table.columns}
    saved = 0

    def rows() -> Iterator[sa.Row[tuple[object, ...]]]:
        nonlocal saved
        statement = sa.select(table).order_by(*table.primary_key.columns)
        for part in connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(statement).partitions():
            yield from part
            saved += len(part)
            told(table.name, saved)

    writer.write(f"tables/{table.name}.jsonl", write_rows(rows(), list(kinds.values())))
    return SavedTable(name=table.name, columns=kinds, later=later, rows=saved)
