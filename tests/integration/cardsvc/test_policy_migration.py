"""The migration that gave policies purposes, questions and reader levels leaves each version's services as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from cardsvc import schema
from cardsvc.db import create_database_engine
from cardsvc.departments.policy import parse_policy

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LOAN = {"loan": {"level": "tap", "attributes": ["district"]}}


def stored(engine: sa.Engine, column: str) -> Any:
    policies = sa.table("policies", sa.column(column, sa.JSON()))
    with engine.connect() as connection:
        return connection.execute(sa.select(policies)).scalar_one()


def test_services_become_terms_and_come_back(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0010")
    caller, department = uuid4(), uuid4()
    with engine.begin() as connection:
        for name, row in {
            "callers": {
                **{"id": caller, "client_id": "education", "kind": "department", "title": "Education"},
                **{"audience": "urn:x", "public_jwk": {"kty": "EC"}, "thumbprint": "x", "scopes": ["verify"]},
                "created_at": AT,
            },
            "departments": {
                **{"id": department, "code": "education", "title": "E", "caller_id": caller, "created_at": AT},
            },
            "policies": {
                **{"id": uuid4(), "department_id": department, "version": 1, "services": LOAN},
                **{"created_by": "ana", "created_at": AT},
            },
        }.items():
            connection.execute(_table(name, row).insert(), row)
    for _ in range(2):
        schema.upgrade(engine, "0011")
        assert parse_policy(stored(engine, "terms")) == parse_policy({"services": LOAN})
        schema.downgrade(engine, "0010")
        assert stored(engine, "services") == LOAN


def _table(name: str, row: dict[str, Any]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, _type(value)) for column, value in row.items()))


def _type(value: Any) -> sa.types.TypeEngine[Any]:
    kinds: dict[type, sa.types.TypeEngine[Any]] = {
        dict: sa.JSON(),
        list: sa.JSON(),
        datetime: sa.DateTime(timezone=True),
        str: sa.String(),
        int: sa.Integer(),
    }
    return kinds.get(type(value), sa.Uuid())
