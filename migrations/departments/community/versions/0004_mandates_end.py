"""mandates end.

Those from before are known by documents alone: whoever has one is told of it at the counter.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SAME = ["principal", "carer", "scope", "until"]
_STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("principal_pseudonym", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("carer_pseudonym", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_by", sa.String(length=40), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_mandates_principal_carer_scope_until"), type_="unique")
        batch_op.create_index(batch_op.f("ix_mandates_principal_pseudonym"), ["principal_pseudonym"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandates_carer_pseudonym"), ["carer_pseudonym"], unique=False)
    op.create_index(
        "uq_mandates_standing", "mandates", _SAME, unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING
    )


def downgrade() -> None:
    op.drop_index("uq_mandates_standing", table_name="mandates")
    op.execute("DELETE FROM mandates WHERE ended_at IS NOT NULL")
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mandates_carer_pseudonym"))
        batch_op.drop_index(batch_op.f("ix_mandates_principal_pseudonym"))
        batch_op.create_unique_constraint(batch_op.f("uq_mandates_principal_carer_scope_until"), _SAME)
        batch_op.drop_column("ended_by")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("carer_pseudonym")
        batch_op.drop_column("principal_pseudonym")
