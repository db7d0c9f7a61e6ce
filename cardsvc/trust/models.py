"""What trust rests on, as rows: certificates of cards, versions of signing keys, and what was published about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.trust.keystore import KeyName


class KeyOrigin(StrEnum):
    """How sure we are that a key was made on the card and never left it."""

    ATTESTED = "attested"
    SECURE_CHANNEL = "secure-channel"
    ASSERTED = "asserted"


class CertificateStatus(StrEnum):
    """Status of a certificate; on hold until its card is active."""

    ON_HOLD = "on-hold"
    VALID = "valid"
    REVOKED = "revoked"


class Certificate(Base):
    """A certificate of a card key. The same public key is never certified twice."""

    __tablename__ = "certificates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    key_reference: Mapped[int]
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    """Lower-case hexadecimal."""
    der: Mapped[bytes]
    public_key_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    key_origin: Mapped[KeyOrigin] = mapped_column(Text(KeyOrigin))
    product: Mapped[str | None] = mapped_column(String(64), index=True)
    """The kind of card the key was made on, as `readers.piv.products` names it: should a kind turn out bad."""
    firmware: Mapped[str | None] = mapped_column(String(32))
    """The card's own word about its firmware, where it says one."""
    issuer_version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Which of the issuing CA's keys signed it."""
    status: Mapped[CertificateStatus] = mapped_column(Text(CertificateStatus), index=True)
    revocation_reason: Mapped[str | None] = mapped_column(String(32))
    held_at: Mapped[datetime]
    """When it was put on hold last: first when it was made."""
    revoked_at: Mapped[datetime | None]
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]


class SealCertificate(Base):
    """The certificate of a department's seal, which it puts on papers. In force until it is revoked or over."""

    __tablename__ = "seal_certificates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"), index=True)
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    """Lower-case hexadecimal."""
    der: Mapped[bytes]
    public_key_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    issuer_version: Mapped[int]
    """Which of the issuing CA's keys signed it."""
    status: Mapped[CertificateStatus] = mapped_column(Text(CertificateStatus))
    revocation_reason: Mapped[str | None] = mapped_column(String(32))
    revoked_at: Mapped[datetime | None]
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]

    @property
    def held_at(self) -> datetime:
        """A seal is never on hold."""
        return self.created_at


class KeyVersion(Base):
    """One version of a key that was renewed at least once. The public half stays here when the private one is gone."""

    __tablename__ = "key_versions"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[KeyName] = mapped_column(Text(KeyName))
    version: Mapped[int]
    public_key: Mapped[bytes]
    """SubjectPublicKeyInfo, DER."""
    used_from: Mapped[datetime | None]
    """It is published before, so that whoever verifies knows it when it signs first. None: from the beginning."""
    published_until: Mapped[datetime | None]
    """When everything that it signed is over. None: its successor is not there yet."""
    revoked_at: Mapped[datetime | None]
    """Only an issuing CA is revoked; it then stands in the root's list."""
    revocation_reason: Mapped[str | None] = mapped_column(String(32))


class Publication(StrEnum):
    """What is signed once and told to everybody."""

    REVOCATION_LIST = "crl"
    RESPONDER_CERTIFICATE = "ocsp-certificate"
    STATUS_LIST = "status-list"


class PublishedStatement(Base):
    """A revocation list, a status list or the like as it was signed. The newest one of its subject counts."""

    __tablename__ = "published_statements"
    __table_args__ = (UniqueConstraint("kind", "subject", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[Publication] = mapped_column(Text(Publication))
    subject: Mapped[str] = mapped_column(String(64))
    """Which authority's, or the id of the status list."""
    number: Mapped[int]
    """Rises by one with each; it is the CRL number."""
    content: Mapped[bytes]
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of what it says, without its times: as long as that is the same, nothing needs to be signed."""
    made_at: Mapped[datetime]
    next_update: Mapped[datetime]


class StatusList(Base):
    """A token status list with room for so many cards."""

    __tablename__ = "status_lists"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Random, not by time: it stands in public addresses."""
    size: Mapped[int]
    decoys: Mapped[bytes]
    """What places show that no card has: from outside they cannot be told from the others."""
    created_at: Mapped[datetime]


class StatusPlace(Base):
    """The place of a card in a status list."""

    __tablename__ = "status_places"
    __table_args__ = (UniqueConstraint("list_id", "place"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("status_lists.id"))
    place: Mapped[int]
    """Random among the free ones."""
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), unique=True)
