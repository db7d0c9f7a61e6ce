"""Sealed entries: looks that are on record at once and can be read later.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_batches")),
    )
    op.create_table(
        "sealed_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["sealed_batches.id"], name=op.f("fk_sealed_entries_batch_id_sealed_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_entries")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_sealed_entries_batch_id_position")),
    )


def downgrade() -> None:
    """Refused while there are batches: which places hold what was promised to somebody, nobody can tell from here."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM sealed_batches")):
        raise RuntimeError(
            "there are sealed entries, which were promised to the people they are about and stand nowhere else: "
            "restore a backup from before, or delete them by hand"
        )
    op.drop_table("sealed_entries")
    op.drop_table("sealed_batches")
