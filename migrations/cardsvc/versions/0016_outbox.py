"""The outbox of events for departments, webhooks, and how far revocations have got.

Departments and kiosks that take part already may read what is new for them.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SCOPES = {"department": ("events:read", "webhooks:write"), "kiosk": ("revocations:read",)}
_callers = sa.table("callers", sa.column("id", sa.Uuid()), sa.column("kind"), sa.column("scopes", sa.JSON()))
_UNNUMBERED = sa.text("number IS NULL")
_WAITING = sa.text("delivery = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "revocations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_revocations_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocations")),
        sa.UniqueConstraint("number", name=op.f("uq_revocations_number")),
    )
    op.create_index(op.f("ix_revocations_card_id"), "revocations", ["card_id"])
    op.create_index(op.f("ix_revocations_at"), "revocations", ["at"])
    op.create_index(
        "ix_revocations_unnumbered",
        "revocations",
        ["id"],
        sqlite_where=_UNNUMBERED,
        postgresql_where=_UNNUMBERED,
    )
    op.create_table(
        "revocation_acknowledgements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["caller_id"], ["callers.id"], name=op.f("fk_revocation_acknowledgements_caller_id_callers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_acknowledgements")),
    )
    op.create_index(
        "ix_revocation_acknowledgements_caller_id_number", "revocation_acknowledgements", ["caller_id", "number"]
    )
    op.create_table(
        "department_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=43), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("revocation_id", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_department_events_department_id_departments")
        ),
        sa.ForeignKeyConstraint(
            ["revocation_id"], ["revocations.id"], name=op.f("fk_department_events_revocation_id_revocations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_events")),
        sa.UniqueConstraint("department_id", "number", name=op.f("uq_department_events_department_id_number")),
    )
    op.create_index(op.f("ix_department_events_occurred_at"), "department_events", ["occurred_at"])
    op.create_index(op.f("ix_department_events_revocation_id"), "department_events", ["revocation_id"])
    op.create_index(
        "ix_department_events_unnumbered",
        "department_events",
        ["id"],
        sqlite_where=_UNNUMBERED,
        postgresql_where=_UNNUMBERED,
    )
    op.create_index(
        "ix_department_events_waiting",
        "department_events",
        ["department_id", "pseudonym", "number"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "webhook_subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_previous", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_webhook_subscriptions_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscriptions")),
        sa.UniqueConstraint("department_id", name=op.f("uq_webhook_subscriptions_department_id")),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["department_events.id"], name=op.f("fk_webhook_attempts_event_id_department_events")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(op.f("ix_webhook_attempts_event_id"), "webhook_attempts", ["event_id"])
    _change_scopes(lambda scopes, ours: scopes | ours)


def downgrade() -> None:
    _change_scopes(lambda scopes, ours: scopes - ours)
    for table in (
        "webhook_attempts",
        "webhook_subscriptions",
        "department_events",
        "revocation_acknowledgements",
        "revocations",
    ):
        op.drop_table(table)


def _change_scopes(change: Callable[[set[str], set[str]], set[str]]) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(_callers).where(_callers.c.kind.in_(_SCOPES))).all()
    for identity, kind, scopes in rows:
        if isinstance(scopes, list):
            changed = sorted(change(set(scopes), set(_SCOPES[kind])))
            connection.execute(sa.update(_callers).where(_callers.c.id == identity).values(scopes=changed))
