"""Departments and the versions of their policies."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cardsvc.callers.models import Caller
from cardsvc.db import Base, new_id


class Department(Base):
    """A department that may learn something about citizens."""

    __tablename__ = "departments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"), unique=True)
    created_at: Mapped[datetime]
    contact: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Who is on duty there, a `wire.incidents.Contact`."""

    caller: Mapped[Caller] = relationship()


class Acquaintance(Base):
    """A citizen whom a department was told about once, by the name it knows them by. It may ask about nobody else."""

    __tablename__ = "acquaintances"
    __table_args__ = (UniqueConstraint("department_id", "pseudonym"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    pseudonym: Mapped[str] = mapped_column(String(43))
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    since: Mapped[datetime]


class Policy(Base):
    """One version of what a department may learn; the highest version is in force."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("department_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    version: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `cardsvc.wire.policies` has them."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class PolicyDraft(Base):
    """A policy that somebody wants published. The approval for it has this row's id as its subject."""

    __tablename__ = "policy_drafts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"), index=True)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes_version: Mapped[int]
    """The version in force when it was drafted; 0 for none. What is approved is a change of that one, and no other."""
    drafted_by: Mapped[str] = mapped_column(String(64))
    drafted_at: Mapped[datetime]
    published_version: Mapped[int | None]
