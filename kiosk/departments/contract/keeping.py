"""Answers are kept, so that a request that comes twice is done once.

A kiosk that heard no answer sends the request again with the same ``Idempotency-Key`` and gets the same answer. An
assertion serves one request only: its ``jti`` is spent in the transaction that keeps the answer.

What is kept does not tell what was entered. The key itself is not stored, only a hash to find it by; the fingerprint
of service and input is keyed with it. Without the kiosk's key nobody can try the few possible inputs ("fever",
"injury", …) against a fingerprint and so learn what a pseudonym came for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, String, delete, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from kiosk.departments.contract.refusals import AssertionReplayed, IdempotencyKeyReused, MalformedRequest
from kiosk.departments.contract.storage import TYPES, insert_into, new_metadata

KEPT_FOR: Final = timedelta(hours=24)
"""How long a request may be repeated: well beyond the kiosk's patience and an assertion's five minutes."""
KEPT_OFFLINE: Final = timedelta(days=35)
"""As above, when the kiosk had no network: the card service makes assertions for the same tap for 30 days."""
LEEWAY: Final = timedelta(minutes=5)
"""A spent assertion is remembered so much longer than it is good, whatever a verifier allows for clocks."""


class ContractBase(DeclarativeBase):
    """Base of the tables that every department has."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class KeptAnswer(ContractBase):
    """The answer to one request."""

    __tablename__ = "kept_answers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of pseudonym and idempotency key, hexadecimal: one person's key cannot fetch another's answer."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """HMAC-SHA-256 under the idempotency key, of service and input, hexadecimal."""
    receipt: Mapped[str] = mapped_column(String(40), unique=True)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Empty only within the transaction that does the work."""
    keep_until: Mapped[datetime] = mapped_column(index=True)


class SpentAssertion(ContractBase):
    """An assertion and the one request that it served."""

    __tablename__ = "spent_assertions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the ``jti``, hexadecimal."""
    request_id: Mapped[str] = mapped_column(ForeignKey(KeptAnswer.id, ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """The assertion's own end."""


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a request the same as another."""

    pseudonym: str = field(repr=False)
    key: str = field(repr=False)
    service: str
    input: Mapping[str, Any] = field(repr=False)
    jti: str
    expires_at: datetime
    offline: bool = False
    """The kiosk had no network: it may come again much later, with another assertion of the same ``jti``."""

    @property
    def id(self) -> str:
        """Where its answer is kept."""
        return _sha256(f"{self.pseudonym}\0{self.key}")

    @property
    def kept_for(self) -> timedelta:
        """How long its answer is."""
        return KEPT_OFFLINE if self.offline else KEPT_FOR

    @property
    def fingerprint(self) -> str:
        """What must not differ when it is repeated."""
        try:
            entered = json.dumps(self.input, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except ValueError as error:  # NaN and Infinity, which Python reads but JSON does not have
            raise MalformedRequest("the input is not JSON") from error
        return hmac.new(self.key.encode(), f"{self.service}\0{entered}".encode(), hashlib.sha256).hexdigest()


def take(session: Session, request: Request, receipt: str, now: datetime) -> KeptAnswer:
    """The place of the request's answer: new and empty, or with the answer it was given before.

    Whoever repeats a request while the first is still being done waits here for the first one's commit.

    Raises:
        IdempotencyKeyReused: the key came with another service or input.
        AssertionReplayed: the assertion served another request.
    """
    new = insert_into(session, KeptAnswer).values(
        id=request.id, fingerprint=request.fingerprint, receipt=receipt, keep_until=now + request.kept_for
    )
    session.execute(new.on_conflict_do_nothing(index_elements=[KeptAnswer.id]))
    kept = session.scalars(select(KeptAnswer).where(KeptAnswer.id == request.id)).one()
    if not hmac.compare_digest(kept.fingerprint, request.fingerprint):
        raise IdempotencyKeyReused
    _spend(session, request)
    return kept


def forget(session: Session, now: datetime) -> None:
    """Remove what nobody can ask for any more."""
    session.execute(delete(SpentAssertion).where(SpentAssertion.expires_at < now - LEEWAY))
    session.execute(delete(KeptAnswer).where(KeptAnswer.keep_until < now))


def _spend(session: Session, request: Request) -> None:
    spent = insert_into(session, SpentAssertion).values(
        id=_sha256(request.jti),
        request_id=request.id,
        expires_at=request.expires_at + (request.kept_for if request.offline else timedelta(0)),
    )
    session.execute(spent.on_conflict_do_nothing(index_elements=[SpentAssertion.id]))
    owner = session.scalars(select(SpentAssertion.request_id).where(SpentAssertion.id == _sha256(request.jti))).one()
    if owner != request.id:
        raise AssertionReplayed


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
