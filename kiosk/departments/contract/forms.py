"""Input schemas (JSON Schema 2020-12), built from what a person must enter, with the words to draw them.

The words stand beside the schema in members that validators ignore, as `cardsvc.wire.manifest` describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def day(titles: Texts) -> dict[str, Any]:
    """A day of this century: ``20270115``. Whether there is such a day, `clock.day_of` says."""
    return digits(
        titles,
        texts(
            "Year, month, day: 20270115 for 15 January 2027",
            "年月日，例如20270115表示2027年1月15日",
            "Ano, mês, dia: 20270115 para 15 de janeiro de 2027",
        ),
        length=8,
        first="20",
        example="20270115",
    )


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
