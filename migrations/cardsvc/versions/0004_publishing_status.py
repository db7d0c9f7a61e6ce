"""Publishing the status of certificates and cards; versions of signing keys; where a certified key was made.

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


def upgrade() -> None:
    _say_more_about_certificates()
    _key_versions()
    _published_statements()
    _status_lists()


def downgrade() -> None:
    for table in ("status_places", "status_lists", "published_statements", "key_versions"):
        op.drop_table(table)
    _say_less_about_certificates()


def _say_more_about_certificates() -> None:
    with op.batch_alter_table("certificates") as certificates:
        certificates.add_column(sa.Column("product", sa.String(length=64), nullable=True))
        certificates.add_column(sa.Column("firmware", sa.String(length=32), nullable=True))
        certificates.add_column(sa.Column("issuer_version", sa.Integer(), server_default="1", nullable=False))
        certificates.add_column(sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE certificates SET held_at = created_at")
    with op.batch_alter_table("certificates") as certificates:
        certificates.alter_column("held_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for column in ("product", "status"):
            certificates.create_index(op.f(f"ix_certificates_{column}"), [column])


def _say_less_about_certificates() -> None:
    with op.batch_alter_table("certificates") as certificates:
        for column in ("product", "status"):
            certificates.drop_index(op.f(f"ix_certificates_{column}"))
        for column in ("product", "firmware", "issuer_version", "held_at"):
            certificates.drop_column(column)


def _key_versions() -> None:
    op.create_table(
        "key_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_versions")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_key_versions_name_version")),
    )


def _published_statements() -> None:
    op.create_table(
        "published_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_statements")),
        sa.UniqueConstraint("kind", "subject", "number", name=op.f("uq_published_statements_kind_subject_number")),
    )


def _status_lists() -> None:
    op.create_table(
        "status_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("decoys", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_lists")),
    )
    op.create_table(
        "status_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_status_places_card_id_cards")),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name=op.f("fk_status_places_list_id_status_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_places")),
        sa.UniqueConstraint("card_id", name=op.f("uq_status_places_card_id")),
        sa.UniqueConstraint("list_id", "place", name=op.f("uq_status_places_list_id_place")),
    )
