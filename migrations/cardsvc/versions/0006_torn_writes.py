"""Attempts to write a card, what became of torn writes, and unblocking.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _unblockings()
    _writing_attempts()
    with op.batch_alter_table("personalisation_journal") as journal:
        journal.add_column(sa.Column("attempt_id", sa.Uuid(), nullable=True))
        journal.add_column(sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=True))
        journal.add_column(sa.Column("verdict", sa.String(length=32), nullable=True))
        journal.create_foreign_key(
            op.f("fk_personalisation_journal_attempt_id_writing_attempts"), "writing_attempts", ["attempt_id"], ["id"]
        )
        journal.create_index(op.f("ix_personalisation_journal_content_sha256"), ["content_sha256"])
    with op.batch_alter_table("card_secrets") as card_secrets:
        card_secrets.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    # A card that was finished was inspected: it has what is in escrow.
    op.execute(
        "UPDATE card_secrets SET confirmed_at = created_at "
        "WHERE card_id IN (SELECT id FROM cards WHERE state NOT IN ('personalising', 'quarantined'))"
    )


def downgrade() -> None:
    with op.batch_alter_table("card_secrets") as card_secrets:
        card_secrets.drop_column("confirmed_at")
    with op.batch_alter_table("personalisation_journal") as journal:
        journal.drop_index(op.f("ix_personalisation_journal_content_sha256"))
        journal.drop_constraint(op.f("fk_personalisation_journal_attempt_id_writing_attempts"), type_="foreignkey")
        for column in ("verdict", "content_sha256", "attempt_id"):
            journal.drop_column(column)
    op.drop_table("writing_attempts")
    op.drop_table("unblockings")


def _unblockings() -> None:
    op.create_table(
        "unblockings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_unblockings_approval_id_approvals")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_unblockings_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unblockings")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_unblockings_approval_id")),
    )
    op.create_index(op.f("ix_unblockings_card_id"), "unblockings", ["card_id"])


def _writing_attempts() -> None:
    op.create_table(
        "writing_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_writing_attempts_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writing_attempts")),
        sa.UniqueConstraint("card_id", "number", name=op.f("uq_writing_attempts_card_id_number")),
    )
