"""What a department may learn, and what no policy can give.

A policy is JSON, as `cardsvc.wire.policies` describes it.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, ValidationError, field_validator, model_validator

from cardsvc.departments.errors import PolicyInvalid, PurposeNotCovered, QuestionsNotCovered, ReaderNotCovered
from cardsvc.departments.questions import check_together, parse_question
from cardsvc.wire.base import Code, Message
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.manifest import QuestionCode
from cardsvc.wire.policies import OfflineTerms, PurposeTitles
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL

KNOWN_ATTRIBUTES: Final = frozenset(Person.model_fields)
NEVER_AT_TAP: Final = frozenset({"name", "name_latin", "birth_date", "document_number"})
"""A found card is enough for a tap, so a tap must not say whose it is (DESIGN §3). Enforced when a policy is published
and again when an assertion is made: no row in the database can lift it."""


class ServiceRule(Message):
    """What one service needs and may have."""

    level: Level
    attributes: frozenset[str] = Field(default_factory=frozenset)
    offline: OfflineTerms | None = None

    @field_validator("attributes")
    @classmethod
    def _known(cls, attributes: frozenset[str]) -> frozenset[str]:
        unknown = attributes - KNOWN_ATTRIBUTES
        if unknown:
            raise ValueError(f"there are no attributes {', '.join(sorted(unknown))}")
        return attributes

    @model_validator(mode="after")
    def _proves_no_more_than_the_card(self) -> ServiceRule:
        if self.offline is not None and self.level is not Level.TAP:
            raise ValueError("without a network there is only level tap")
        if self.offline is not None and self.attributes:
            raise ValueError("without a network a card tells no attributes")
        return self

    def may_have(self, level: Level) -> frozenset[str]:
        """The attributes that the service may have from a visit of this level."""
        return self.attributes - NEVER_AT_TAP if level is Level.TAP else self.attributes


class QuestionRule(Message):
    """When a question may be asked."""

    level: Level
    purposes: frozenset[Code] = Field(default_factory=frozenset)


class PolicyRules(Message):
    """A policy that can be published."""

    services: dict[Code, ServiceRule]
    purposes: dict[Code, PurposeTitles] = Field(default_factory=dict)
    questions: dict[QuestionCode, QuestionRule] = Field(default_factory=dict)
    reader_levels: frozenset[Level] = Field(default_factory=frozenset)

    @field_validator("questions")
    @classmethod
    def _known_questions(cls, questions: dict[str, QuestionRule]) -> dict[str, QuestionRule]:
        check_together({parse_question(code): rule.level for code, rule in questions.items()})
        return questions

    @field_validator("reader_levels")
    @classmethod
    def _with_challenge(cls, levels: frozenset[Level]) -> frozenset[Level]:
        if levels - KEY_REFERENCE_OF_LEVEL.keys():
            raise ValueError("a reader authenticates cards at tap and pin")
        return levels

    @model_validator(mode="after")
    def _purposes_are_named(self) -> PolicyRules:
        asked = frozenset[str]().union(*(rule.purposes for rule in self.questions.values()))
        if asked - self.purposes.keys():
            raise ValueError(f"purposes without a title: {', '.join(sorted(asked - self.purposes.keys()))}")
        return self

    def require_purpose(self, purpose: str) -> None:
        """Raises PurposeNotCovered."""
        if purpose not in self.purposes:
            raise PurposeNotCovered(purpose)

    def require_question(self, code: str, purpose: str) -> None:
        """The question may be asked for this purpose about people who are not there. Raises QuestionsNotCovered."""
        rule = self.questions.get(code)
        if rule is None or purpose not in rule.purposes:
            raise QuestionsNotCovered([code])

    def require_reader(self, level: Level) -> None:
        """The department may authenticate cards of this level at a reader of its own. Raises ReaderNotCovered."""
        if level not in self.reader_levels:
            raise ReaderNotCovered(level)


NOTHING: Final = PolicyRules(services={})
"""What a department without a policy may learn."""


def parse_policy(terms: Any) -> PolicyRules:
    """The rules. Raises PolicyInvalid, also for what level `tap` never gives."""
    try:
        rules = PolicyRules.model_validate(terms)
    except ValidationError as error:
        wrong = {".".join(map(str, problem["loc"])): problem["msg"] for problem in error.errors(include_input=False)}
        said = "; ".join(f"{member}: {why}" if member else why for member, why in sorted(wrong.items()))
        raise PolicyInvalid(f"The policy is wrong. {said}.", members=sorted(wrong)) from None
    for code, rule in rules.services.items():
        if rule.level is Level.TAP and rule.attributes & NEVER_AT_TAP:
            refused = sorted(rule.attributes & NEVER_AT_TAP)
            detail = f"A tap never tells who somebody is: {code} may not have {', '.join(refused)}."
            raise PolicyInvalid(detail, service=code, attributes=refused)
    return rules


def write_policy(rules: PolicyRules) -> dict[str, Any]:
    """The rules as they are stored, in a stable order."""
    return {
        "services": {
            code: {"level": rule.level.value, "attributes": sorted(rule.attributes), **_offline(rule)}
            for code, rule in sorted(rules.services.items())
        },
        "purposes": {code: dict(sorted(titles.items())) for code, titles in sorted(rules.purposes.items())},
        "questions": {
            code: {"level": rule.level.value, "purposes": sorted(rule.purposes)}
            for code, rule in sorted(rules.questions.items())
        },
        "reader_levels": sorted(rules.reader_levels),
    }


def _offline(rule: ServiceRule) -> dict[str, Any]:
    return {} if rule.offline is None else {"offline": rule.offline.model_dump()}
