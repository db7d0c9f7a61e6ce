"""The tables of social insurance."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class Insured(Base):
    """Somebody who is insured, as the register has them."""

    __tablename__ = "insured"

    document_number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """The number of the identity document."""
    since: Mapped[date]


class Contribution(Base):
    """What was paid in for one month, by the employer and from the wage."""

    __tablename__ = "contributions"
    __table_args__ = (
        UniqueConstraint("document_number", "month"),
        CheckConstraint("employer_fen >= 0 AND own_fen >= 0", name="not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_number: Mapped[str] = mapped_column(ForeignKey(Insured.document_number), index=True)
    month: Mapped[date]
    """Its first day."""
    employer: Mapped[str] = mapped_column(String(100))
    employer_fen: Mapped[int] = mapped_column(BigInteger)
    own_fen: Mapped[int] = mapped_column(BigInteger)
