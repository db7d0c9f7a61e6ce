"""housing fund.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fund_accounts",
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("may_owe", sa.Boolean(), nullable=False),
        sa.CheckConstraint("balance_fen >= 0 OR may_owe", name=op.f("ck_fund_accounts_not_overdrawn")),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_fund_accounts")),
    )
    op.create_table(
        "fund_transfers",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("payer", sa.String(length=40), nullable=False),
        sa.Column("payee", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fund_transfers_something")),
        sa.CheckConstraint("payer <> payee", name=op.f("ck_fund_transfers_to_another")),
        sa.ForeignKeyConstraint(["payee"], ["fund_accounts.owner"], name=op.f("fk_fund_transfers_payee_fund_accounts")),
        sa.ForeignKeyConstraint(["payer"], ["fund_accounts.owner"], name=op.f("fk_fund_transfers_payer_fund_accounts")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fund_transfers")),
    )
    with op.batch_alter_table("fund_transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fund_transfers_payee"), ["payee"], unique=False)
        batch_op.create_index(batch_op.f("ix_fund_transfers_payer"), ["payer"], unique=False)

    op.create_table(
        "withdrawals",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("paper", sa.String(length=30), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("bank_card", sa.String(length=19), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_withdrawals_something")),
        sa.ForeignKeyConstraint(["owner"], ["fund_accounts.owner"], name=op.f("fk_withdrawals_owner_fund_accounts")),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_withdrawals")),
    )
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_withdrawals_owner"), ["owner"], unique=False)
        batch_op.create_index(
            "uq_withdrawals_open",
            ["owner"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_withdrawals_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )
        batch_op.drop_index(batch_op.f("ix_withdrawals_owner"))

    op.drop_table("withdrawals")
    with op.batch_alter_table("fund_transfers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fund_transfers_payer"))
        batch_op.drop_index(batch_op.f("ix_fund_transfers_payee"))

    op.drop_table("fund_transfers")
    op.drop_table("fund_accounts")
