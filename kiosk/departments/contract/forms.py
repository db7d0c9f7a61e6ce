"""Input schemas (JSON Schema 2020-12), built from what a person must enter, with the words to draw them.

The words stand beside the schema in members that validators ignore, as `cardsvc.wire.manifest` describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.texts import texts

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def form(**fields: Mapping[str, Any]) -> dict[str, Any]:
    """An object with exactly these fields, all required, in this order."""
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {name: dict(field) for name, field in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }


def choice(titles: Texts, choices: Mapping[str, Texts]) -> dict[str, Any]:
    """One of some values, each with its own words."""
    return {"type": "string", "enum": list(choices), "x-titles": titles, "x-choices": dict(choices)}


def digits(titles: Texts, hints: Texts, *, length: int, first: str = "", example: str) -> dict[str, Any]:
    """A number of fixed length that a person reads off something, beginning with ``first``."""
    return {
        "type": "string",
        "pattern": f"^{first}[0-9]{{{length - len(first)}}}$",
        "minLength": length,
        "maxLength": length,
        "examples": [example],
        "x-titles": titles,
        "x-hints": hints,
    }


def day(titles: Texts, *, before: timedelta = timedelta(0), after: timedelta = timedelta(0)) -> dict[str, Any]:
    """A day, ``2027-01-15``, so long ``before`` today or ``after`` it at most: that is for the service to judge."""
    return {
        "type": "string",
        "format": "date",
        "x-titles": titles,
        "x-days": {"before": before.days, "after": after.days},
    }


def document_number(titles: Texts) -> dict[str, Any]:
    """The number of somebody's identity document."""
    return {
        "type": "string",
        "pattern": "^[A-Z0-9]{5,20}$",
        "minLength": 5,
        "maxLength": 20,
        "examples": ["M1234567"],
        "x-titles": titles,
        "x-hints": texts(
            "Capital letters and digits, as on the document",
            "大写字母和数字，与证件一致",
            "Maiúsculas e algarismos, como no documento",
        ),
    }


def text(titles: Texts, hints: Texts, *, longest: int) -> dict[str, Any]:
    """A few words of the citizen's own: at least three characters."""
    return {"type": "string", "minLength": 3, "maxLength": longest, "x-titles": titles, "x-hints": hints}


def number(titles: Texts, hints: Texts, *, least: int, most: int) -> dict[str, Any]:
    """A whole number within limits."""
    return {"type": "integer", "minimum": least, "maximum": most, "x-titles": titles, "x-hints": hints}
