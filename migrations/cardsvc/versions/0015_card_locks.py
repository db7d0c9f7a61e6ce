"""What citizens locked their cards for.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_locks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_card_locks_citizen_id_citizens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_locks")),
        sa.UniqueConstraint("citizen_id", "target", name=op.f("uq_card_locks_citizen_id_target")),
    )
    op.add_column("cards", sa.Column("locks", sa.String(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Refused while a card is locked: it would be open to whom its holder locked out."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM card_locks")):
        raise RuntimeError("citizens have locked their cards: have the locks lifted first, or delete them by hand")
    op.drop_column("cards", "locks")
    op.drop_table("card_locks")
