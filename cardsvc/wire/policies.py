"""What a department may learn: the terms of its policy.

This is also what is in a policy file::

{
  "services": {"clinic-check-in": {"level": "tap", "attributes": ["district"]}, "balance": {"level": "pin"},
               "recycling-points": {"level": "tap", "offline": {"max_age_seconds": 14400}}},
  "purposes": {"benefit-review": {"en": "Review of benefits", "zh-Hans": "福利复核", "pt": "Revisão de benefícios"}},
  "questions": {
    "age-at-least:65": {"level": "tap", "purposes": ["benefit-review"]},
    "resident-of:taipa": {"level": "pin"}
  },
  "reader_levels": ["tap"]
}
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from cardsvc.wire.base import WHOLE, Code, Message
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import AttributeName, Language, QuestionCode, Sentence, ServiceDescription, Texts


def _in_english(titles: object) -> object:
    return {Language.ENGLISH: titles} if isinstance(titles, str) else titles


PurposeTitles = Annotated[Texts, BeforeValidator(_in_english, json_schema_input_type=Texts | Sentence)]
"""In several languages, or a plain title, which is the English one."""


LONGEST_OFFLINE: Final = 72 * 3600
"""Seconds: a card that is lost on a Friday evening is turned away everywhere by Monday."""


class OfflineTerms(Message):
    """When a kiosk without a network may take requests for a service."""

    max_age_seconds: Annotated[int, Field(ge=60, le=LONGEST_OFFLINE), WHOLE]
    """So long after it heard last from the service which cards are good and what the policy says."""


class ServiceTerms(Message):
    """What one service of a department needs and may have."""

    level: Level
    attributes: list[AttributeName] = Field(default_factory=list, max_length=32)
    """What it may be told with the citizen's consent. A service of level ``tap`` may never have what says who it is."""
    offline: OfflineTerms | None = None
    """Only at level ``tap`` and without attributes: a card proves that it is one of the city's, and nothing else."""


class QuestionTerms(Message):
    """When a department may ask one question."""

    level: Level
    """What somebody who is there must have proved, at least, for the answer to be in an assertion."""
    purposes: list[Code] = Field(default_factory=list, max_length=64)
    """What it may be asked for about somebody who is not there. None: it is asked in their presence only."""


class PolicyTerms(Message):
    """What a department may learn."""

    services: dict[Code, ServiceTerms] = Field(max_length=64)
    """By service code."""
    purposes: dict[Code, PurposeTitles] = Field(default_factory=dict, max_length=64)
    """What it may ask about people for when they are not there: what each code means, for the citizens to read."""
    questions: dict[QuestionCode, QuestionTerms] = Field(default_factory=dict, max_length=64)
    reader_levels: list[Level] = Field(default_factory=list, max_length=2)
    """The levels at which it may authenticate cards at readers of its own, where it sees the card's UUID."""


class CoveredService(Message):
    """What a kiosk has to know of the terms of a service."""

    level: Level
    """What a visit must have reached, at least."""
    attributes: list[AttributeName]
    """More cannot be told."""


class CoveredServices(Message):
    """What one department's policy covers."""

    services: dict[Code, CoveredService]
    questions: dict[QuestionCode, Level]

    def cover(self, service: ServiceDescription) -> bool:
        """Whether a citizen who consents to this service is not refused for the policy's sake."""
        terms = self.services.get(service.code)
        if terms is None or terms.level > service.level or not set(service.attributes) <= set(terms.attributes):
            return False
        asked = [self.questions.get(question) for question in service.questions]
        return all(level is not None and level <= service.level for level in asked)


class Coverage(Message):
    """What the policies in force cover, by department."""

    departments: dict[Code, CoveredServices]
