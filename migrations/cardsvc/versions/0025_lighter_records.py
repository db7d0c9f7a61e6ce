"""Audit records without foreign keys, and out of the indexes that nobody finds them by.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEYS = {"card_id": "cards", "citizen_id": "citizens"}
PARTIAL = {"event": sa.text("challenge_id IS NULL"), "subject_id": sa.text("subject_id IS NOT NULL")}


def upgrade() -> None:
    for column in ("card_id", *PARTIAL):
        op.drop_index(op.f(f"ix_audit_records_{column}"), table_name="audit_records")
    with op.batch_alter_table("audit_records") as table:
        for column, target in KEYS.items():
            table.drop_constraint(op.f(f"fk_audit_records_{column}_{target}"), type_="foreignkey")
    for column, where in PARTIAL.items():
        op.create_index(
            op.f(f"ix_audit_records_{column}"), "audit_records", [column], sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for column in PARTIAL:
        op.drop_index(op.f(f"ix_audit_records_{column}"), table_name="audit_records")
    with op.batch_alter_table("audit_records") as table:
        for column, target in KEYS.items():
            table.create_foreign_key(op.f(f"fk_audit_records_{column}_{target}"), target, [column], ["id"])
    for column in ("card_id", *PARTIAL):
        op.create_index(op.f(f"ix_audit_records_{column}"), "audit_records", [column])
