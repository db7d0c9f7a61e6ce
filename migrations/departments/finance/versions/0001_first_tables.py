"""first tables.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("least_fen", sa.BigInteger(), nullable=True),
        sa.Column("most_fen", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance_fen <= most_fen", name=op.f("ck_accounts_not_overfull")),
        sa.CheckConstraint("balance_fen >= least_fen", name=op.f("ck_accounts_not_overdrawn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("owner", name=op.f("uq_accounts_owner")),
    )
    op.create_table(
        "payees",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("bank", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=19), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_payees")),
    )
    with op.batch_alter_table("payees", schema=None) as batch_op:
        batch_op.create_index(
            "uq_payees_in_force",
            ["pseudonym"],
            unique=True,
            sqlite_where=sa.text("state = 'in-force'"),
            postgresql_where=sa.text("state = 'in-force'"),
        )
        batch_op.create_index(
            "uq_payees_waiting",
            ["pseudonym"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "subsidies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("scheme", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(paid_on IS NOT NULL) = (state = 'paid')", name=op.f("ck_subsidies_paid_on_a_day")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_subsidies_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidies")),
        sa.UniqueConstraint("document_number", "scheme", "year", name=op.f("uq_subsidies_document_number_scheme_year")),
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purse_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["purse_id"], ["accounts.id"], name=op.f("fk_bookings_purse_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("purse_id", "key", name=op.f("uq_bookings_purse_id_key")),
    )
    op.create_table(
        "entries",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opposite_fen", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_entries_not_nothing")),
        sa.CheckConstraint("opposite_fen = -amount_fen", name=op.f("ck_entries_opposite")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_entries_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["booking_id", "opposite_fen"],
            ["entries.booking_id", "entries.amount_fen"],
            name=op.f("fk_entries_booking_id_entries"),
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_entries_booking_id_bookings")),
        sa.PrimaryKeyConstraint("booking_id", "amount_fen", name=op.f("pk_entries")),
        sa.UniqueConstraint("booking_id", "account_id", name=op.f("uq_entries_booking_id_account_id")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_account_id"), ["account_id"], unique=False)

    op.create_table(
        "fees",
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("paid_with", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fees_something")),
        sa.ForeignKeyConstraint(["paid_with"], ["bookings.id"], name=op.f("fk_fees_paid_with_bookings")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fees")),
        sa.UniqueConstraint("paid_with", name=op.f("uq_fees_paid_with")),
    )


def downgrade() -> None:
    op.drop_table("fees")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_account_id"))

    op.drop_table("entries")
    op.drop_table("bookings")
    op.drop_table("subsidies")
    with op.batch_alter_table("payees", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payees_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(
            "uq_payees_in_force",
            sqlite_where=sa.text("state = 'in-force'"),
            postgresql_where=sa.text("state = 'in-force'"),
        )

    op.drop_table("payees")
    op.drop_table("accounts")
