"""The migrations of what departments may: policies got purposes, questions and reader levels, departments a scope."""

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


def stored(engine: sa.Engine, column: str, table: str = "policies") -> Any:
    rows = sa.table(table, sa.column(column, sa.JSON()))
    with engine.connect() as connection:
        return connection.execute(sa.select(rows)).scalar_one()


def fill(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for name, row in ROWS.items():
            table = sa.table(name, *(sa.column(column, KINDS[type(value)]) for column, value in row.items()))
            connection.execute(sa.insert(table), row)


def test_services_become_terms_and_come_back(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0010")
    fill(engine)
    for _ in range(2):
        schema.upgrade(engine, "0011")
        assert parse_policy(stored(engine, "terms")) == parse_policy({"services": LOAN})
        schema.downgrade(engine, "0010")
        assert stored(engine, "services") == LOAN
    engine.dispose()


def test_departments_that_took_part_may_have_readers_of_their_own_if_their_policy_says_so(
    empty_database_url: str,
) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0010")
    fill(engine)
    for _ in range(2):
        schema.upgrade(engine, "0014")
        assert stored(engine, "scopes", "callers") == ["authenticate:own-reader", "verify"]
        schema.downgrade(engine, "0013")
        assert stored(engine, "scopes", "callers") == ["verify"]
    engine.dispose()
