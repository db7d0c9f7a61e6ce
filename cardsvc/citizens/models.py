"""Citizens, and what is kept about them: nothing here can be read without the person's own key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.people import Relation

TOKEN_SIZE = 16
"""Bytes of a blind index token."""


class Citizen(Base):
    """A person. Without ``wrapped_key`` the personal data is gone for good (erasure)."""

    __tablename__ = "citizens"
    __table_args__ = (Index("uq_citizens_document_token", "document_token", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    wrapped_key: Mapped[bytes | None]
    """The person's data key, sealed under the keystore's personal-data key."""
    sealed_person: Mapped[bytes]
    """`cardsvc.wire.lifecycle.Person` as JSON, sealed under the person's data key."""
    document_token: Mapped[bytes | None] = mapped_column(LargeBinary(TOKEN_SIZE))
    """Blind index of the document number: one person has it."""
    audit_counter: Mapped[int] = mapped_column(default=0)
    """How many audit records name this person; each carries its number, so that a missing one shows as a gap."""
    created_at: Mapped[datetime]


class TokenKind(StrEnum):
    """What a person is found by."""

    NAME = "name"
    PINYIN = "pinyin"
    LATIN = "latin"
    INITIALS_AND_BIRTH = "initials-and-birth"
    """Alone, two or three letters are too many people; so is a birth date."""
    SOUND_AND_BIRTH = "sound-and-birth"
    """A blurred sound: for likely duplicates."""


class SearchToken(Base):
    """A word under which a person is found: a keyed hash (see `blind_index.py`)."""

    __tablename__ = "search_tokens"

    kind: Mapped[TokenKind] = mapped_column(Text(TokenKind), primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(TOKEN_SIZE), primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), primary_key=True, index=True)


class PersonVersion(Base):
    """What was known about a person before a correction, sealed under the person's data key."""

    __tablename__ = "person_versions"
    __table_args__ = (UniqueConstraint("citizen_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"))
    version: Mapped[int]
    sealed_person: Mapped[bytes]
    until: Mapped[datetime]
    corrected_by: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(32))


class Photo(Base):
    """A person's photograph as JPEG, sealed under the person's data key."""

    __tablename__ = "photos"

    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), primary_key=True)
    sealed: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]
    stored_by: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[datetime]


class Document(Base):
    """A scanned document, sealed under the person's data key."""

    __tablename__ = "documents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    media_type: Mapped[str] = mapped_column(String(32))
    size: Mapped[int]
    """Bytes, before sealing."""
    sealed: Mapped[bytes]
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]


class Guardianship(Base):
    """Somebody who acts for a person."""

    __tablename__ = "guardianships"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    guardian_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    relation: Mapped[Relation] = mapped_column(Text(Relation))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Erasure(Base):
    """A person whose data was erased: a restored database erases it again (see `erasing.py`)."""

    __tablename__ = "erasures"

    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), primary_key=True)
    erased_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str] = mapped_column(String(64))
