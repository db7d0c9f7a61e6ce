"""Kinds of application, holds, stock and its custody, loss reports, registry events.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ACTIVE = sa.text("state = 'active'")
OPEN_APPLICATION = sa.text("state IN ('draft', 'submitted', 'approved', 'personalising', 'produced')")
OPEN_REPORT = sa.text("outcome IS NULL")
STANDING = sa.text("state IN ('reported', 'confirmed')")


def upgrade() -> None:
    _stock()
    _cards()
    _applications()
    _hand_overs()
    _loss_reports()
    _registry_events()


def downgrade() -> None:
    for table in ("registry_events", "loss_reports", "hand_over_applications", "hand_over_cards", "hand_overs"):
        op.drop_table(table)
    op.drop_index("uq_applications_open", "applications")
    for name in ("replaces_id", "responsible"):
        op.drop_index(op.f(f"ix_applications_{name}"), "applications")
    for name in ("consent", "guardian_id", "appointment", "responsible", "replaces_id", "cause", "kind"):
        op.drop_column("applications", name)
    op.drop_table("collections")
    op.drop_index("uq_cards_active", "cards")
    op.drop_index("uq_cards_product_serial", "cards")
    op.drop_index(op.f("ix_cards_custodian"), "cards")
    for name in ("product_serial", "custodian", "office", "batch_id", "held_for", "hold_reason"):
        op.drop_column("cards", name)
    op.drop_table("stock_counts")
    op.drop_table("stock_batches")


def _add(table: str, column: sa.Column[object], refers_to: str | None = None) -> None:
    """A reference is part of the column: SQLite could add it to the table only by copying that."""
    if refers_to is not None:
        name = op.f(f"fk_{table}_{column.name}_{refers_to}")
        column = sa.Column(column.name, column.type, sa.ForeignKey(f"{refers_to}.id", name=name), nullable=True)
    op.add_column(table, column, inline_references=True)


def _stock() -> None:
    op.create_table(
        "stock_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.String(length=32), nullable=False),
        sa.Column("last", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=True),
        sa.Column("delivery", sa.String(length=40), nullable=True),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_batches")),
    )
    op.create_table(
        "stock_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("counted_by", sa.String(length=64), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("unexpected", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_counts")),
    )
    op.create_index(op.f("ix_stock_counts_office"), "stock_counts", ["office"])


def _cards() -> None:
    _add("cards", sa.Column("hold_reason", sa.String(length=32), nullable=True))
    _add("cards", sa.Column("held_for", sa.Uuid(), nullable=True))
    _add("cards", sa.Column("batch_id", sa.Uuid(), nullable=True), "stock_batches")
    _add("cards", sa.Column("office", sa.String(length=40), nullable=True))
    _add("cards", sa.Column("custodian", sa.String(length=64), nullable=True))
    _add("cards", sa.Column("product_serial", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_cards_custodian"), "cards", ["custodian"])
    op.create_index("uq_cards_product_serial", "cards", ["product_serial"], unique=True)
    op.create_index(
        "uq_cards_active", "cards", ["citizen_id"], unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE
    )
    op.create_table(
        "collections",
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_proxy", sa.LargeBinary(), nullable=False),
        sa.Column("delivered_by", sa.String(length=64), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_collections_card_id_cards")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_collections_citizen_id_citizens")),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_collections")),
    )
    op.create_index(op.f("ix_collections_citizen_id"), "collections", ["citizen_id"])


def _applications() -> None:
    _add("applications", sa.Column("kind", sa.String(length=32), server_default="first", nullable=False))
    _add("applications", sa.Column("cause", sa.String(length=32), nullable=True))
    _add("applications", sa.Column("replaces_id", sa.Uuid(), nullable=True), "cards")
    _add("applications", sa.Column("responsible", sa.String(length=64), nullable=True))
    _add("applications", sa.Column("appointment", sa.String(length=40), nullable=True))
    _add("applications", sa.Column("guardian_id", sa.Uuid(), nullable=True), "citizens")
    _add("applications", sa.Column("consent", sa.String(length=32), nullable=True))
    for name in ("replaces_id", "responsible"):
        op.create_index(op.f(f"ix_applications_{name}"), "applications", [name])
    op.create_index(
        "uq_applications_open",
        "applications",
        ["citizen_id"],
        unique=True,
        sqlite_where=OPEN_APPLICATION,
        postgresql_where=OPEN_APPLICATION,
    )


def _hand_overs() -> None:
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("from_officer", sa.String(length=64), nullable=False),
        sa.Column("to_officer", sa.String(length=64), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    for name in ("state", "from_officer", "to_officer"):
        op.create_index(op.f(f"ix_hand_overs_{name}"), "hand_overs", [name])
    for table, column, others in (
        ("hand_over_cards", "card_id", "cards"),
        ("hand_over_applications", "application_id", "applications"),
    ):
        op.create_table(
            table,
            sa.Column("hand_over_id", sa.Uuid(), nullable=False),
            sa.Column(column, sa.Uuid(), nullable=False),
            sa.ForeignKeyConstraint(
                ["hand_over_id"], ["hand_overs.id"], name=op.f(f"fk_{table}_hand_over_id_hand_overs")
            ),
            sa.ForeignKeyConstraint([column], [f"{others}.id"], name=op.f(f"fk_{table}_{column}_{others}")),
            sa.PrimaryKeyConstraint("hand_over_id", column, name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _loss_reports() -> None:
    op.create_table(
        "loss_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("verification", sa.JSON(), nullable=True),
        sa.Column("reported_by", sa.String(length=64), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_loss_reports_card_id_cards")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_loss_reports_citizen_id_citizens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loss_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_loss_reports_number")),
    )
    op.create_index(op.f("ix_loss_reports_citizen_id"), "loss_reports", ["citizen_id"])
    op.create_index(op.f("ix_loss_reports_found_until"), "loss_reports", ["found_until"])
    op.create_index(
        "uq_loss_reports_open",
        "loss_reports",
        ["card_id"],
        unique=True,
        sqlite_where=OPEN_REPORT,
        postgresql_where=OPEN_REPORT,
    )


def _registry_events() -> None:
    op.create_table(
        "registry_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.String(length=64), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_registry_events_citizen_id_citizens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_events")),
    )
    op.create_index(op.f("ix_registry_events_citizen_id"), "registry_events", ["citizen_id"])
    op.create_index(
        "uq_registry_events_standing",
        "registry_events",
        ["citizen_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
