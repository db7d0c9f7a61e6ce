"""Yes/no questions about people who are not there, answered without the attribute that the answer comes from.

The record in the log says which question was asked and for what, not what the answer was: that is kept beside it,
sealed with the person's own key, so that the department can have it attested for as long as the person is not erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, Note
from cardsvc.callers.principal import Principal
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import open_data_key, unseal_person
from cardsvc.clock import city_day
from cardsvc.departments.inquiries import Inquiry, open_inquiry
from cardsvc.departments.questions import Question, parse_question
from cardsvc.locks.repository import who_locked
from cardsvc.trust import sealing
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.base import decode_base64url, encode_base64url
from cardsvc.wire.questions import Answer, Answers, PeopleQuestion, PersonAnswer

EVENT: Final = "question.ask"


@dataclass(frozen=True, slots=True)
class _Answered:
    """What is said about one person, and its record."""

    answer: Answer
    record: Draft


def ask(session: Session, keystore: Keystore, asked: PeopleQuestion, *, actor: Principal, now: datetime) -> Answers:
    """Answer in the order of the question. Raises PurposeNotCovered, QuestionsNotCovered, DepartmentNotFound."""
    inquiry = open_inquiry(session, asked, event=EVENT, actor=actor, now=now)
    inquiry.policy.rules.require_question(asked.question, asked.purpose)
    answered = _answer_all(session, keystore, inquiry, parse_question(asked.question))
    inquiry.close(session, (one.record for one in answered.values()), questions=[asked.question])
    return Answers(
        asked_at=now,
        policy_version=inquiry.policy.version,
        question=asked.question,
        answers=[_tell(name, answered.get(name)) for name in asked.pseudonyms],
    )


def open_answer(keystore: Keystore, citizen: Citizen, note: str) -> Answer:
    """The answer beside a record. Raises PersonErased, NotSealedHere."""
    sealed = sealing.unseal(open_data_key(keystore, citizen), decode_base64url(note), _context(citizen.id))
    return Answer(sealed.decode())


def _answer_all(session: Session, keystore: Keystore, inquiry: Inquiry, question: Question) -> dict[str, _Answered]:
    locked = who_locked(session, inquiry.actor.client_id, inquiry.known.values())  # cards first, as everywhere
    citizens = _citizens(session, inquiry.known)
    answered = {}
    for name, citizen_id in inquiry.known.items():
        citizen = citizens[citizen_id]
        if citizen.wrapped_key is None:  # erased a moment ago
            continue
        if citizen_id in locked:
            answered[name] = _Answered(Answer.LOCKED, inquiry.refused(citizen_id, questions=[str(question)]))
            continue
        data_key = open_data_key(keystore, citizen)
        person = unseal_person(data_key, citizen_id, citizen.sealed_person)
        answer = Answer.YES if question.answer(person, city_day(inquiry.now)) else Answer.NO
        sealed = sealing.seal(data_key, answer.encode(), _context(citizen_id))
        note = Note(encode_base64url(sealed))
        answered[name] = _Answered(answer, inquiry.answered(citizen_id, note, questions=[str(question)]))
    return answered


def _citizens(session: Session, known: Mapping[str, UUID]) -> dict[UUID, Citizen]:
    """Locked in one order, so that nobody is erased between the answer and its record."""
    statement = select(Citizen).where(Citizen.id.in_(known.values())).order_by(Citizen.id).with_for_update()
    return {citizen.id: citizen for citizen in session.scalars(statement)}


def _tell(name: str, answered: _Answered | None) -> PersonAnswer:
    if answered is None:
        return PersonAnswer(pseudonym=name, answer=Answer.UNKNOWN)
    told = answered.record.id if answered.record.outcome == OK else None
    return PersonAnswer(pseudonym=name, answer=answered.answer, verification_id=told)


def _context(citizen_id: UUID) -> bytes:
    return b"citizen/answer/" + citizen_id.bytes
