"""The migration that gave policies purposes, questions and reader levels: services stay, there and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from cardsvc import schema
from cardsvc.db import create_database_engine
from cardsvc.departments.policy import parse_policy

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LOAN = {"loan": {"level": "tap", "attributes": ["district"]}}
CALLER, DEPARTMENT = uuid4(), uuid4()
ROWS: dict[str, dict[str, Any]] = {
    "callers": {
        "id": CALLER,
        "client_id": "education",
        "kind": "department",
        "title": "Education",
        "audience": "urn:citizen-card:department:education",
        "public_jwk": {"kty": "EC"},
        "thumbprint": "x",
        "scopes": ["verify"],
        "created_at": AT,
    },
    "departments": {"id": DEPARTMENT, "code": "education", "title": "E", "caller_id": CALLER, "created_at": AT},
    "policies": {
        "id": uuid4(),
        "department_id": DEPARTMENT,
        "version": 1,
        "services": LOAN,
        "created_by": "ana",
        "created_at": AT,
    },
}
KINDS: dict[type, sa.types.TypeEngine[Any]] = {
    UUID: sa.Uuid(),
    dict: sa.JSON(),
    list: sa.JSON(),
    datetime: sa.DateTime(timezone=True),
    str: sa.String(),
    int: sa.Integer(),
}


def stored(engine: sa.Engine, column: str) -> Any:
    policies = sa.table("policies", sa.column(column, sa.JSON()))
    with engine.connect() as connection:
        return connection.execute(sa.select(policies)).scalar_one()


def test_services_become_terms_and_come_back(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0010")
    with engine.begin() as connection:
        for name, row in ROWS.items():
            table = sa.table(name, *(sa.column(column, KINDS[type(value)]) for column, value in row.items()))
            connection.execute(sa.insert(table), row)
    for _ in range(2):
        schema.upgrade(engine, "0011")
        assert parse_policy(stored(engine, "terms")) == parse_policy({"services": LOAN})
        schema.downgrade(engine, "0010")
        assert stored(engine, "services") == LOAN
    engine.dispose()
