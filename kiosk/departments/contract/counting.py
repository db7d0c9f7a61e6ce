"""Counters in the database: numbers without gaps or doubles, whoever counts at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

from kiosk.departments.contract.storage import insert_into


def count(
    session: Session, table: type[DeclarativeBase], keys: Mapping[str, Any], counter: InstrumentedAttribute[int]
) -> int:
    """Add one to the ``counter`` of the row with these ``keys`` (its primary key), from 0 where there is none.

    The row stays locked until the commit, and a roll-back takes the number back.
    """
    first = insert_into(session, table).values({**keys, counter.key: 1})
    counted = first.on_conflict_do_update(index_elements=list(keys), set_={counter.key: counter + 1})
    return session.scalars(counted.returning(counter)).one()
