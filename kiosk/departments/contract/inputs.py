"""Checking what a citizen entered against the schema of the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from kiosk.departments.contract.refusals import InputRefused

_FORMATS: Final = FormatChecker(["date"])
"""Days that there are."""


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that is no JSON Schema 2020-12.

    Raises:
        ValueError: naming the place in the schema.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"not a JSON Schema: {error.json_path}: {error.message}") from error


def check_input(schema: Mapping[str, Any], entered: Mapping[str, Any]) -> None:
    """Refuse input that does not fit ``schema``, or holds characters that no database and no screen can take.

    Raises:
        InputRefused: with a JSON pointer (RFC 6901) and the rule broken for each error.
    """
    found = [_described(error) for error in Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(entered)]
    found += [{"pointer": pointer, "rule": "characters"} for pointer in _unprintable(entered, "")]
    if found:
        raise InputRefused(sorted(found, key=lambda error: (error["pointer"], error["rule"])))


def _described(error: ValidationError) -> dict[str, str]:
    # Never error.message: it quotes what was entered.
    return {"pointer": "".join(f"/{_escaped(str(part))}" for part in error.absolute_path), "rule": str(error.validator)}


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _unprintable(value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if any(_is_unprintable(character) for character in value):
            yield pointer
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _unprintable(member, f"{pointer}/{_escaped(str(name))}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unprintable(member, f"{pointer}/{index}")


def _is_unprintable(character: str) -> bool:
    # PostgreSQL takes no NUL; lone surrogates (JSON can spell them) are no UTF-8; controls have no place in a form.
    return "\ud800" <= character <= "\udfff" or (character < " " and character != "\n") or character == "\x7f"
