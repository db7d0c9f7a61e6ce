"""Cases, and the officers who may settle them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.departments.contract.keeping import ContractBase
from kiosk.departments.contract.storage import new_id


class Officer(ContractBase):
    """Somebody who may settle cases. Only hashes of codes are kept."""

    __tablename__ = "officers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    """For the record: ``decided_by`` of what they decide."""
    invitation_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """Of the code in the link that was printed for them; it works once."""
    invited_until: Mapped[datetime | None]
    session_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """Of the cookie that they got for it."""
    signed_in_until: Mapped[datetime | None]


class Case(ContractBase):
    """Something that somebody asked for or reported, and that a person has to decide."""

    __tablename__ = "cases"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    receipt: Mapped[str] = mapped_column(String(40), unique=True)
    service: Mapped[str] = mapped_column(String(64))
    pseudonym: Mapped[str] = mapped_column(String(128), index=True)
    lines: Mapped[list[Any]] = mapped_column(JSON)
    """What the officer reads: `OutcomeField` entries."""
    opened_at: Mapped[datetime]
    verdict: Mapped[str | None] = mapped_column(String(40))
    """One of the service's, or `WITHDRAWN`; empty while nobody has decided."""
    note: Mapped[str | None] = mapped_column(String(300))
    """What the officer wants the citizen to know, in words of their own."""
    decided_by: Mapped[str | None] = mapped_column(ForeignKey(Officer.name))
    decided_at: Mapped[datetime | None]


WITHDRAWN: Final = "withdrawn"
"""The verdict of a case that its citizen withdrew: no officer's."""
OPEN = Case.verdict.is_(None)
"""The cases that wait for somebody."""

Index("ix_cases_open", Case.opened_at, sqlite_where=OPEN, postgresql_where=OPEN)
