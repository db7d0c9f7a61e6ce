"""Yes/no questions that departments ask about people who are not there."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from cardsvc.wire.base import Message, Timestamp
from cardsvc.wire.departments import AboutPeople, Pseudonym
from cardsvc.wire.manifest import QuestionCode


class Answer(StrEnum):
    """What comes back."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The department was never told about anybody of this name, or the person was erased."""
    LOCKED = "locked-by-citizen"
    """The person has locked the department out."""


class PeopleQuestion(AboutPeople):
    """Ask one question about one to a thousand people."""

    question: QuestionCode


class PersonAnswer(Message):
    """About one person."""

    pseudonym: Pseudonym
    answer: Answer = Field(repr=False)
    verification_id: UUID | None = None
    """With it evidence of this answer is fetched. None when nothing was told: the person is unknown, or has locked."""


class Answers(Message):
    """What was true at ``asked_at``, in the order of the question."""

    asked_at: Timestamp
    policy_version: int
    """The version of the department's policy under which this was answered."""
    question: QuestionCode
    answers: list[PersonAnswer]
