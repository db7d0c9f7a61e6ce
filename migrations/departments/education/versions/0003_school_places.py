"""school places.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("born_from", sa.Date(), nullable=False),
        sa.Column("born_until", sa.Date(), nullable=False),
        sa.CheckConstraint("born_from <= born_until", name=op.f("ck_rounds_born_in_order")),
        sa.CheckConstraint("opens_on <= closes_on", name=op.f("ck_rounds_in_order")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_rounds")),
    )
    op.create_table(
        "schools",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_schools")),
    )
    op.create_table(
        "places",
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("school", sa.String(length=20), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.CheckConstraint("offered >= 0 AND offered <= capacity", name=op.f("ck_places_not_overfull")),
        sa.ForeignKeyConstraint(["round"], ["rounds.code"], name=op.f("fk_places_round_rounds")),
        sa.ForeignKeyConstraint(["school"], ["schools.code"], name=op.f("fk_places_school_schools")),
        sa.PrimaryKeyConstraint("round", "school", name=op.f("pk_places")),
    )
    op.create_table(
        "place_applications",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("applicant", sa.String(length=20), nullable=False),
        sa.Column("child", sa.String(length=20), nullable=False),
        sa.Column("born", sa.Date(), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("school", sa.String(length=20), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(school IS NOT NULL) = (state = 'offered')", name=op.f("ck_place_applications_offered_somewhere")
        ),
        sa.ForeignKeyConstraint(
            ["round", "school"], ["places.round", "places.school"], name=op.f("fk_place_applications_round_places")
        ),
        sa.ForeignKeyConstraint(["round"], ["rounds.code"], name=op.f("fk_place_applications_round_rounds")),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_place_applications")),
    )
    with op.batch_alter_table("place_applications", schema=None) as batch_op:
        batch_op.create_index(
            "uq_place_applications_child",
            ["child", "round"],
            unique=True,
            sqlite_where=sa.text("state != 'refused'"),
            postgresql_where=sa.text("state != 'refused'"),
        )

    op.create_table(
        "wishes",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("school", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["receipt"], ["place_applications.receipt"], name=op.f("fk_wishes_receipt_place_applications")
        ),
        sa.ForeignKeyConstraint(["school"], ["schools.code"], name=op.f("fk_wishes_school_schools")),
        sa.PrimaryKeyConstraint("receipt", "rank", name=op.f("pk_wishes")),
        sa.UniqueConstraint("receipt", "school", name=op.f("uq_wishes_receipt_school")),
    )


def downgrade() -> None:
    op.drop_table("wishes")
    with op.batch_alter_table("place_applications", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_place_applications_child",
            sqlite_where=sa.text("state != 'refused'"),
            postgresql_where=sa.text("state != 'refused'"),
        )

    op.drop_table("place_applications")
    op.drop_table("places")
    op.drop_table("schools")
    op.drop_table("rounds")
