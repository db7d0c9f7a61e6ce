"""What is kept about people: search tokens, earlier versions, photographs, documents, guardians, erasures.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("citizens", sa.Column("document_token", sa.LargeBinary(length=16), nullable=True))
    op.create_index("uq_citizens_document_token", "citizens", ["document_token"], unique=True)
    for create in TABLES.values():
        create()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("uq_citizens_document_token", table_name="citizens")
    op.drop_column("citizens", "document_token")


def _search_tokens() -> None:
    op.create_table(
        "search_tokens",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        _citizen_id(),
        _of_citizen("search_tokens"),
        sa.PrimaryKeyConstraint("kind", "token", "citizen_id", name=op.f("pk_search_tokens")),
    )
    op.create_index(op.f("ix_search_tokens_citizen_id"), "search_tokens", ["citizen_id"])


def _person_versions() -> None:
    op.create_table(
        "person_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        _citizen_id(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_person", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrected_by", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        _of_citizen("person_versions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_versions")),
        sa.UniqueConstraint("citizen_id", "version", name=op.f("uq_person_versions_citizen_id_version")),
    )


def _photos() -> None:
    op.create_table(
        "photos",
        _citizen_id(),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("stored_by", sa.String(length=64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        _of_citizen("photos"),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk_photos")),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        _citizen_id(),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_documents_application_id_applications")
        ),
        _of_citizen("documents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_application_id"), "documents", ["application_id"])
    op.create_index(op.f("ix_documents_citizen_id"), "documents", ["citizen_id"])


def _guardianships() -> None:
    op.create_table(
        "guardianships",
        sa.Column("id", sa.Uuid(), nullable=False),
        _citizen_id(),
        sa.Column("guardian_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        _of_citizen("guardianships"),
        sa.ForeignKeyConstraint(["guardian_id"], ["citizens.id"], name=op.f("fk_guardianships_guardian_id_citizens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardianships")),
    )
    op.create_index(op.f("ix_guardianships_citizen_id"), "guardianships", ["citizen_id"])
    op.create_index(op.f("ix_guardianships_guardian_id"), "guardianships", ["guardian_id"])


def _erasures() -> None:
    op.create_table(
        "erasures",
        _citizen_id(),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        _of_citizen("erasures"),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk_erasures")),
    )


def _citizen_id() -> sa.Column[object]:
    return sa.Column("citizen_id", sa.Uuid(), nullable=False)


def _of_citizen(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f(f"fk_{table}_citizen_id_citizens"))


TABLES = {
    "search_tokens": _search_tokens,
    "person_versions": _person_versions,
    "photos": _photos,
    "documents": _documents,
    "guardianships": _guardianships,
    "erasures": _erasures,
}
