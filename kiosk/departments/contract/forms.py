"""Input schemas (JSON Schema 2020-12), built from what a person must enter, with the words to draw them.

The words stand beside the schema in members that validators ignore, as `cardsvc.wire.manifest` describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cardsvc.wire.manifest import Texts

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


def text(titles: Texts, hints: Texts, *, longest: int) -> dict[str, Any]:
    """A few words of the citizen's own: at least three characters."""
    return {"type": "string", "minLength": 3, "maxLength": longest, "x-titles": titles, "x-hints": hints}


def number(titles: Texts, hints: Texts, *, least: int, most: int) -> dict[str, Any]:
    """A whole number within limits."""
    return {"type": "integer", "minimum": least, "maximum": most, "x-titles": titles, "x-hints": hints}
