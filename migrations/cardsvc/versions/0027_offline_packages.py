"""Which packages for the time without a network each kiosk was given, and when each was enrolled last.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_kiosks = sa.table("kiosks", sa.column("id", sa.Uuid()), sa.column("enrolled_at", sa.DateTime(timezone=True)))
_codes = sa.table("enrolment_codes", sa.column("kiosk_id", sa.Uuid()), sa.column("used_at", sa.DateTime(timezone=True)))


def upgrade() -> None:
    op.create_table(
        "offline_packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["callers.id"], name=op.f("fk_offline_packages_caller_id_callers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_packages")),
        sa.UniqueConstraint("caller_id", "as_of", name=op.f("uq_offline_packages_caller_id_as_of")),
    )
    op.create_index(op.f("ix_offline_packages_as_of"), "offline_packages", ["as_of"])
    op.add_column("kiosks", sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True))
    last = sa.select(sa.func.max(_codes.c.used_at)).where(_codes.c.kiosk_id == _kiosks.c.id).scalar_subquery()
    op.execute(_kiosks.update().values(enrolled_at=last))
    op.drop_index(op.f("ix_kiosks_last_seen_at"), table_name="kiosks")


def downgrade() -> None:
    op.create_index(op.f("ix_kiosks_last_seen_at"), "kiosks", ["last_seen_at"])
    op.drop_column("kiosks", "enrolled_at")
    op.drop_table("offline_packages")
