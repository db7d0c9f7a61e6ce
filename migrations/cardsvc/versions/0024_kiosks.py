"""Kiosks as machines, and the codes that enrol them. A kiosk may be out of service for a while.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_callers = sa.table(
    "callers",
    sa.column("id", sa.Uuid()),
    sa.column("client_id"),
    sa.column("kind"),
    sa.column("title"),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_kiosks = sa.table(
    "kiosks",
    sa.column("id", sa.Uuid()),
    sa.column("client_id"),
    sa.column("title"),
    sa.column("caller_id", sa.Uuid()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.create_table(
        "kiosks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_by", sa.String(length=64), nullable=True),
        sa.Column("disabled_reason", sa.String(length=200), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["callers.id"], name=op.f("fk_kiosks_caller_id_callers")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_kiosks_office_id_offices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
        sa.UniqueConstraint("caller_id", name=op.f("uq_kiosks_caller_id")),
        sa.UniqueConstraint("client_id", name=op.f("uq_kiosks_client_id")),
    )
    op.create_index(op.f("ix_kiosks_last_seen_at"), "kiosks", ["last_seen_at"])
    op.create_index(op.f("ix_kiosks_office_id"), "kiosks", ["office_id"])
    op.create_table(
        "enrolment_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kiosk_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thumbprint", sa.String(length=43), nullable=True),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"], name=op.f("fk_enrolment_codes_kiosk_id_kiosks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_codes")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_enrolment_codes_code_sha256")),
    )
    op.create_index(op.f("ix_enrolment_codes_expires_at"), "enrolment_codes", ["expires_at"])
    op.create_index(op.f("ix_enrolment_codes_kiosk_id"), "enrolment_codes", ["kiosk_id"])
    op.add_column("callers", sa.Column("out_of_service_at", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    for caller in connection.execute(sa.select(_callers).where(_callers.c.kind == "kiosk")).all():
        place = {"id": uuid7(), "client_id": caller.client_id, "title": caller.title}
        connection.execute(_kiosks.insert().values(**place, caller_id=caller.id, created_at=caller.created_at))


def downgrade() -> None:
    op.drop_column("callers", "out_of_service_at")
    op.drop_table("enrolment_codes")
    op.drop_table("kiosks")
