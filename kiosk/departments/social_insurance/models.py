"""The tables of social insurance."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
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


class UnemploymentClaim(Base):
    """That somebody claims benefit after they lost their work, and what an officer said to it."""

    __tablename__ = "unemployment_claims"
    __table_args__ = (CheckConstraint("months > 0", name="something"),)

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the request that the citizen signed."""
    document_number: Mapped[str] = mapped_column(ForeignKey(Insured.document_number))
    reason: Mapped[str] = mapped_column(String(40))
    last_paid: Mapped[date]
    """The month of the last contribution, which makes the employment: it is claimed for once."""
    months: Mapped[int]
    """For how long at most benefit is paid."""
    state: Mapped[str] = mapped_column(String(20))
    """One of `unemployment.State`."""
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


_STANDS = UnemploymentClaim.state.not_in(("refused", "withdrawn"))
Index(
    "uq_unemployment_claims_employment",
    UnemploymentClaim.document_number,
    UnemploymentClaim.last_paid,
    unique=True,
    sqlite_where=_STANDS,
    postgresql_where=_STANDS,
)


class Pensioner(Base):
    """Somebody who draws a pension."""

    __tablename__ = "pensioners"

    document_number: Mapped[str] = mapped_column(String(20), primary_key=True)
    since: Mapped[date]


class Attendant(Base):
    """Somebody who may compare faces with photographs, by what this department calls them."""

    __tablename__ = "attendants"

    pseudonym: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    """For the record."""
    until: Mapped[datetime | None]
    """Since when they may no more."""


class AttendantInvitation(Base):
    """Somebody who may become one: whoever enters the code, once."""

    __tablename__ = "attendant_invitations"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the code, hexadecimal."""
    name: Mapped[str] = mapped_column(String(40), unique=True)
    until: Mapped[datetime]


class ProofOfLife(Base):
    """That an attendant saw a pensioner: one a year counts."""

    __tablename__ = "proofs_of_life"
    __table_args__ = (UniqueConstraint("document_number", "year"),)

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the pensioner's request."""
    document_number: Mapped[str] = mapped_column(ForeignKey(Pensioner.document_number))
    year: Mapped[int]
    attendant: Mapped[str] = mapped_column(ForeignKey(Attendant.pseudonym))
    proved_at: Mapped[datetime]
