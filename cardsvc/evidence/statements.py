"""From the audit record of a verification to what evidence says about it.

Nothing else is kept for evidence: what a record has no place for, an answer, is sealed beside it
(`departments.asking`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditNote, AuditRecord
from cardsvc.audit.service import OK
from cardsvc.authentication import own_readers, verifications
from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.departments import asking, standing
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import evidence as wire

_Statement = Callable[[Session, Keystore, AuditRecord], wire.Verified]


def statement_of(session: Session, keystore: Keystore, record: AuditRecord) -> wire.Verified | None:
    """What was verified; None when a record is of nothing that a department was told, or older than evidence is.

    Raises PersonErased.
    """
    state = _STATEMENTS.get(record.event)
    if state is None or record.outcome != OK or record.citizen_id is None:
        return None
    try:
        return state(session, keystore, record)
    except (KeyError, ValidationError):
        return None


def _assertion(_session: Session, _keystore: Keystore, record: AuditRecord) -> wire.Verified:
    detail = record.detail
    return wire.AssertionVerified(
        assertion_sha256=bytes.fromhex(detail["assertion_sha256"]),
        service=detail["service"],
        level=detail["level"],
        attributes=detail["attributes"],
        questions=detail["questions"],
    )


def _question(session: Session, keystore: Keystore, record: AuditRecord) -> wire.Verified:
    citizen = session.get_one(Citizen, record.citizen_id)
    note = session.get(AuditNote, record.id)
    (question,) = record.detail["questions"]
    answer = asking.open_answer(keystore, citizen, "" if note is None else note.text)
    return wire.QuestionAnswered(purpose=record.detail["purpose"], question=question, answer=answer)


def _standing(_session: Session, _keystore: Keystore, record: AuditRecord) -> wire.Verified:
    return wire.StandingTold(purpose=record.detail["purpose"], standing=record.detail["standing"])


def _card(session: Session, _keystore: Keystore, record: AuditRecord) -> wire.Verified:
    return wire.CardAuthenticated(
        card_uuid=session.get_one(Card, record.card_id).uuid,
        service=record.detail["service"],
        level=record.detail["level"],
    )


_STATEMENTS: Final[Mapping[str, _Statement]] = {
    verifications.EVENT: _assertion,
    asking.EVENT: _question,
    standing.EVENT: _standing,
    own_readers.EVENT: _card,
}
