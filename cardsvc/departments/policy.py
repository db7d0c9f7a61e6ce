"""What a department may learn for each of its services, and what no policy can give.

A policy is JSON: each service code maps to the level it needs and the attributes it may have::

    {"clinic-check-in": {"level": "tap", "attributes": ["district"]},
     "balance": {"level": "pin", "attributes": ["name"]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from cardsvc.departments.errors import PolicyInvalid
from cardsvc.wire.base import Code, Message
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person

KNOWN_ATTRIBUTES: Final = frozenset(Person.model_fields)
NEVER_AT_TAP: Final = frozenset({"name", "name_latin", "birth_date", "document_number"})
"""A found card is enough for a tap, so a tap must not say whose it is (DESIGN §3). Enforced when a policy is published
and again when an assertion is made: no row in the database can lift it."""


class ServiceRule(Message):
    """What one service needs and may have."""

    level: Level
    attributes: frozenset[str] = Field(default_factory=frozenset)

    @field_validator("attributes")
    @classmethod
    def _known(cls, attributes: frozenset[str]) -> frozenset[str]:
        unknown = attributes - KNOWN_ATTRIBUTES
        if unknown:
            raise ValueError(f"there are no attributes {', '.join(sorted(unknown))}")
        return attributes

    def may_have(self, level: Level) -> frozenset[str]:
        """The attributes that the service may have from a visit of this level."""
        return self.attributes - NEVER_AT_TAP if level is Level.TAP else self.attributes


_rules: TypeAdapter[dict[Code, ServiceRule]] = TypeAdapter(dict[Code, ServiceRule])


def parse_policy(services: Any) -> Mapping[str, ServiceRule]:
    """The rules by service code. Raises PolicyInvalid, also for attributes that level `tap` never gives."""
    try:
        rules = _rules.validate_python(services)
    except ValidationError as error:
        wrong = {".".join(map(str, problem["loc"])): problem["msg"] for problem in error.errors(include_input=False)}
        said = "; ".join(f"{member}: {why}" if member else why for member, why in sorted(wrong.items()))
        raise PolicyInvalid(f"The policy is wrong. {said}.", members=sorted(wrong)) from None
    for code, rule in rules.items():
        if rule.level is Level.TAP and rule.attributes & NEVER_AT_TAP:
            refused = sorted(rule.attributes & NEVER_AT_TAP)
            detail = f"A tap never tells who somebody is: {code} may not have {', '.join(refused)}."
            raise PolicyInvalid(detail, service=code, attributes=refused)
    return rules


def write_policy(rules: Mapping[str, ServiceRule]) -> dict[str, Any]:
    """The rules as they are stored, in a stable order."""
    return {
        code: {"level": rule.level.value, "attributes": sorted(rule.attributes)} for code, rule in sorted(rules.items())
    }
