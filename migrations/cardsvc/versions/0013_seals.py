"""Certificates of departments' seals.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seal_certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("public_key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issuer_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("revocation_reason", sa.String(length=32), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_seal_certificates_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_certificates")),
        sa.UniqueConstraint("public_key_sha256", name=op.f("uq_seal_certificates_public_key_sha256")),
        sa.UniqueConstraint("serial", name=op.f("uq_seal_certificates_serial")),
    )
    op.create_index(op.f("ix_seal_certificates_department_id"), "seal_certificates", ["department_id"])


def downgrade() -> None:
    op.drop_table("seal_certificates")
