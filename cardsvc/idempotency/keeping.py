"""Taking a place for an answer, and keeping the answer in it.

What is kept can be opened only with the service's keystore and the caller's own Idempotency-Key together: answers hold
secrets (of webhooks) and what is known about people, and neither a copy of the database nor the service itself, between
two requests, can read them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import String, cast, delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.bulk import insert_new
from cardsvc.db import new_id
from cardsvc.idempotency.errors import IdempotencyKeyInUse, IdempotencyKeyMalformed, IdempotencyKeyReused
from cardsvc.idempotency.models import KeptAnswer
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.trust.sealing import seal, unseal

KEPT_FOR: Final = timedelta(hours=24)
"""How long a request may be repeated."""
PATIENCE: Final = "10s"
"""So long PostgreSQL waits for the first of several requests with one key. On SQLite they take turns like any other."""
_KEY: Final = re.compile(r'("?)([A-Za-z0-9_-]{16,64})\1')
"""Bare, or quoted as a structured field. A short key could be guessed."""
_DOMAIN: Final = b"citizen-card/kept-answer/v1\0"
_LOCK_NOT_AVAILABLE: Final = "55P03"


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """What makes a request the same as another."""

    caller_id: UUID
    key: str = field(repr=False)
    content: bytes = field(repr=False)
    """Method, path and body."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to a request is kept, or will be."""

    row: KeptAnswer = field(repr=False)
    secret: bytes = field(repr=False)

    @property
    def answer(self) -> bytes | None:
        """What was answered before; None when this is the first time."""
        sealed = self.row.sealed_answer
        return None if sealed is None else unseal(self._sealing_key, sealed, self.row.id.bytes)

    def keep(self, answer: bytes, citizens: Iterable[UUID]) -> None:
        """Keep the answer, about these people."""
        self.row.sealed_answer = seal(self._sealing_key, answer, self.row.id.bytes)
        self.row.citizens = tuple(map(str, citizens))

    @property
    def _sealing_key(self) -> bytes:
        return _derive(self.secret, b"answer")


def read_key(header: str) -> str:
    """The key in the header, without its quotes. Raises IdempotencyKeyMalformed."""
    match = _KEY.fullmatch(header)
    if match is None:
        raise IdempotencyKeyMalformed
    return match.group(2)


def take_place(session: Session, keystore: Keystore, request: KeyedRequest, now: datetime) -> Place:
    """The place of this request's answer. Whoever repeats a request while it is being done waits for its commit here.

    Raises IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    secret = keystore.mac(KeyName.CHALLENGE, _DOMAIN + request.caller_id.bytes + request.key.encode())
    key_hash, fingerprint = _derive(secret, b"name"), _derive(secret, b"request\0" + request.content)
    own = (KeptAnswer.caller_id == request.caller_id, KeptAnswer.key_hash == key_hash)
    try:
        _wait_at_most(session, PATIENCE)
        session.execute(delete(KeptAnswer).where(*own, KeptAnswer.kept_at <= now - KEPT_FOR))
        row = {
            "id": new_id(),
            "caller_id": request.caller_id,
            "key_hash": key_hash,
            "fingerprint": fingerprint,
            "citizens": (),
            "kept_at": now,
        }
        insert_new(session.connection(), KeptAnswer, [row], unique=["caller_id", "key_hash"])
        _wait_at_most(session, "0")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise IdempotencyKeyInUse from error
    kept = session.scalars(select(KeptAnswer).where(*own)).one()
    if not hmac.compare_digest(kept.fingerprint, fingerprint):
        raise IdempotencyKeyReused
    return Place(kept, secret)


def note_replay(session: Session, place: Place, actor: str, now: datetime) -> None:
    """Whoever gets an answer again sees again what it says about people: that is on record for each of them."""
    for citizen_id in place.row.citizens:
        record(session, event="answer.replay", outcome=OK, actor=actor, now=now, citizen_id=UUID(citizen_id))


def forget_about(session: Session, citizen_id: UUID) -> None:
    """Drop the answers about somebody who is erased."""
    about = cast(KeptAnswer.citizens, String).contains(str(citizen_id))
    session.execute(delete(KeptAnswer).where(about).execution_options(synchronize_session=False))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, hashlib.sha256)


def _wait_at_most(session: Session, patience: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT set_config('lock_timeout', :patience, true)"), {"patience": patience})
