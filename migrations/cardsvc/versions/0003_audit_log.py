"""Audit log: transitions are audit records, and records have a place in a tree.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RECORDS = sa.table(
    "audit_records",
    sa.column("id", sa.Uuid()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("event", sa.String()),
    sa.column("outcome", sa.String()),
    sa.column("actor", sa.String()),
    sa.column("subject_id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("note_digest", sa.LargeBinary()),
    sa.column("detail", sa.JSON()),
)
CHANGES = sa.table(
    "state_changes",
    sa.column("id", sa.Uuid()),
    sa.column("subject_id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("actor", sa.String()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("reason", sa.String()),
)
NOTES = sa.table(
    "audit_notes",
    sa.column("record_id", sa.Uuid()),
    sa.column("salt", sa.LargeBinary()),
    sa.column("text", sa.String()),
)
WAITING = sa.table("audit_waiting", sa.column("record_id", sa.Uuid()))
TRANSITION = "transition"
BATCH = 1000


def upgrade() -> None:
    with op.batch_alter_table("audit_records") as table:
        table.add_column(sa.Column("subject_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("state", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("note_digest", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_audit_records_subject_id"), "audit_records", ["subject_id"])
    _create_notes()
    _create_log()
    _changes_to_records()
    op.execute(sa.insert(WAITING).from_select(["record_id"], sa.select(RECORDS.c.id)))
    op.drop_table("state_changes")


def downgrade() -> None:
    _create_state_changes()
    _records_to_changes()
    for table in ("audit_checkpoints", "audit_tiles", "audit_entries", "audit_waiting", "audit_notes"):
        op.drop_table(table)
    op.drop_index(op.f("ix_audit_records_subject_id"), table_name="audit_records")
    with op.batch_alter_table("audit_records") as batch:
        for column in ("note_digest", "state", "subject_id"):
            batch.drop_column(column)


def _create_notes() -> None:
    op.create_table(
        "audit_notes",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_notes")),
    )


def _create_log() -> None:
    op.create_table(
        "audit_waiting",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_waiting")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("tree_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tree_index", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("record_id", name=op.f("uq_audit_entries_record_id")),
    )
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_index(op.f("ix_audit_checkpoints_at"), "audit_checkpoints", ["at"])


def _create_state_changes() -> None:
    op.create_table(
        "state_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_changes")),
    )
    op.create_index(op.f("ix_state_changes_subject_id"), "state_changes", ["subject_id"])


def _batches(statement: sa.Select[Any]) -> Iterator[list[dict[str, Any]]]:
    result = op.get_bind().execute(statement).mappings()
    while rows := result.fetchmany(BATCH):
        yield [dict(row) for row in rows]


def _changes_to_records() -> None:
    connection = op.get_bind()
    for changes in _batches(sa.select(CHANGES)):
        notes = [
            {"record_id": change["id"], "salt": secrets.token_bytes(16), "text": change["reason"]}
            for change in changes
            if change["reason"] is not None
        ]
        digests = {note["record_id"]: hashlib.sha256(note["salt"] + note["text"].encode()).digest() for note in notes}
        records = [
            {name: change[name] for name in ("id", "at", "actor", "subject_id", "state")}
            | {"event": TRANSITION, "outcome": "ok", "note_digest": digests.get(change["id"]), "detail": {}}
            for change in changes
        ]
        connection.execute(sa.insert(RECORDS), records)
        if notes:
            connection.execute(sa.insert(NOTES), notes)


def _records_to_changes() -> None:
    connection = op.get_bind()
    statement = (
        sa.select(
            RECORDS.c.id,
            RECORDS.c.subject_id,
            RECORDS.c.state,
            RECORDS.c.actor,
            RECORDS.c.at,
            sa.func.substr(NOTES.c.text, 1, 200).label("reason"),
        )
        .outerjoin(NOTES, NOTES.c.record_id == RECORDS.c.id)
        .where(RECORDS.c.event == TRANSITION)
    )
    for changes in _batches(statement):
        connection.execute(sa.insert(CHANGES), changes)
    connection.execute(sa.delete(RECORDS).where(RECORDS.c.event == TRANSITION))
