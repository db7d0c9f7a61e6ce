"""Forms, drawn from the input schema of a department's service and from nothing else.

A department describes its input as a JSON Schema of one flat object (`cardsvc.wire.manifest`). What a touch screen can
draw well is a small part of JSON Schema; a service that asks for more is not offered, and the log says why.

A schema is another authority's text. What the kiosk checks of an answer is therefore only what cannot hold it up:
nothing that is fetched from somewhere (``$ref``), and no pattern that takes longer than a glance. The department checks
everything anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import TypeAdapter
from pydantic import ValidationError as InvalidTexts

from cardsvc.wire.manifest import Language, Texts

_TEXTS: Final[TypeAdapter[Texts]] = TypeAdapter(Texts)
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}")
_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ONLY_DIGITS: Final = re.compile(r"\^(?:[0-9]|\[0-9\]|\\d|\{[0-9,]+\}|[+?])+\$")
"""Patterns of digits alone, for example ``^4[0-9]{7}$``."""
_ONLY_CAPITALS: Final = re.compile(r"\^(?:[A-Z0-9]|\[(?:A-Z|0-9|[A-Z0-9])+\]|\\d|\{[0-9,]+\}|[+?])+\$")
"""Patterns of capital letters and digits, for example ``^[A-Z0-9]{5,20}$``."""
_LONGEST_TEXT: Final = 200
_MOST_FIELDS: Final = 8
_MOST_CHOICES: Final = 100
"""Buttons beside each other: nobody finds theirs among more, and a browser that draws thousands stands still."""
_LONGEST_SAID: Final = 200
"""Characters of why a schema is refused: it may quote all of it."""
_FARTHEST: Final = 36525
"""Days in a century."""
_CHECKED: Final = frozenset(
    {"type", "enum", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength"}
)
"""Keywords of a field that are checked here, besides quick patterns."""
_USED: Final = _CHECKED | {"title", "format", "pattern", "x-titles", "x-hints", "x-choices", "x-days"}
"""Keywords of a field that are looked at at all. What others hold is not: to find out whether thousands of schemas
within a schema are some takes minutes."""
_ATOM: Final = r"(?:[^\\^$.|?*+(){}\[\]]|\.|\\[dws./-]|\[[^\\\[\]]+\])"
_QUICK: Final = re.compile(
    rf"\^?(?:{_ATOM}(?:\{{[0-9]{{1,3}}\}})?)*(?:{_ATOM}(?:[?*+]|\{{[0-9]{{1,3}},[0-9]{{0,3}}\}}))?"
    rf"(?:{_ATOM}(?:\{{[0-9]{{1,3}}\}})?)*\$?"
)
"""Patterns without groups and with one part of variable length at most: no text keeps them busy."""
_LONGEST_PATTERN: Final = 100
_LONGEST_WRITTEN: Final = 1000
"""Of one that the department alone checks: it is still read here, to see that it is one."""


class Undrawable(Exception):
    """Raised when a schema asks for something this screen cannot draw."""


class FieldKind(StrEnum):
    """How a field is drawn."""

    CHOICE = "choice"
    DAY = "day"
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"


class FieldError(StrEnum):
    """What is wrong with a field, as the screen says it."""

    MISSING = "missing"
    NOT_A_NUMBER = "not-a-number"
    NO_SUCH_DAY = "no-such-day"
    TOO_SMALL = "too-small"
    TOO_LARGE = "too-large"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice."""

    value: str
    titles: dict[Language, str]


@dataclass(frozen=True, slots=True)
class Around:
    """How many days before and after today a day can be. The department judges it; the screen offers no other year."""

    before: int = _FARTHEST
    after: int = _FARTHEST

    @classmethod
    def from_schema(cls, given: object) -> Around:
        """Read ``x-days``. Raises Undrawable."""
        if not isinstance(given, Mapping):
            raise Undrawable("its days are not before and after today")
        days = [given.get(side, _FARTHEST) for side in ("before", "after")]
        if not all(isinstance(number, int) and 0 <= number <= _FARTHEST for number in days):
            raise Undrawable("its days before and after today are no numbers up to a century")
        return cls(*days)

    def years(self, today: date) -> range:
        """The years they fall in."""
        return range((today - timedelta(self.before)).year, (today + timedelta(self.after)).year + 1)


@dataclass(frozen=True, slots=True)
class FormField:
    """One question."""

    name: str
    kind: FieldKind
    titles: dict[Language, str]
    hints: dict[Language, str] | None
    required: bool
    choices: tuple[Choice, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    longest: int = _LONGEST_TEXT
    numeric: bool = False
    """Whether only digits make sense, so that a number pad is enough."""
    capitals: bool = False
    """Whether only capital letters and digits do."""
    around: Around = Around()
    """Of a day."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was handed in: what was entered, as the schema wants it, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    errors: dict[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of one service."""

    fields: tuple[FormField, ...]
    schema: Mapping[str, Any]
    """As much of the department's as is checked here."""

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> Form:
        """Read an input schema. Raises Undrawable with the reason."""
        properties = {name: _used(name, part) for name, part in schema.get("properties", {}).items()}
        if len(properties) > _MOST_FIELDS:
            raise Undrawable(f"more than {_MOST_FIELDS} questions")
        wanted = schema.get("required", [])
        try:
            Draft202012Validator.check_schema({"required": wanted, "properties": properties})
        except SchemaError as error:
            raise Undrawable(f"not a JSON Schema: {error.message[:_LONGEST_SAID]}") from None
        required = frozenset(wanted)
        if required - properties.keys():
            raise Undrawable("requires what it does not describe")
        fields = tuple(_field(name, part, name in required) for name, part in properties.items())
        checked = {name: _checked(part) for name, part in properties.items()}
        return cls(fields, {"type": "object", "required": sorted(required), "properties": checked})

    def fill(self, entered: Mapping[str, object]) -> Filled:
        """Turn what the browser sent (texts, numbers, booleans by name) into input, or say what is wrong with it."""
        filled = Filled()
        for question in self.fields:
            value = _read(question, entered.get(question.name))
            if isinstance(value, FieldError):
                filled.errors[question.name] = value
            elif value is not None:
                filled.values[question.name] = value
            elif question.required:
                filled.errors[question.name] = FieldError.MISSING
        if not filled.errors:
            filled.errors.update(self._check(filled.values))
        return filled

    def _check(self, values: dict[str, Any]) -> dict[str, FieldError]:
        errors: dict[str, FieldError] = {}
        for error in Draft202012Validator(self.schema).iter_errors(values):
            errors.setdefault(_culprit(error, self.fields), _MEANING.get(str(error.validator), FieldError.NOT_ALLOWED))
        return errors


_MEANING: Final = {
    "required": FieldError.MISSING,
    "minimum": FieldError.TOO_SMALL,
    "exclusiveMinimum": FieldError.TOO_SMALL,
    "maximum": FieldError.TOO_LARGE,
    "exclusiveMaximum": FieldError.TOO_LARGE,
    "minLength": FieldError.TOO_SHORT,
    "maxLength": FieldError.TOO_LONG,
}


def _culprit(error: ValidationError, fields: tuple[FormField, ...]) -> str:
    if error.absolute_path:
        return str(error.absolute_path[0])
    return fields[0].name if fields else ""


def _checked(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        keyword: value
        for keyword, value in part.items()
        if keyword in _CHECKED or (keyword == "pattern" and _is_quick(value))
    }


def _is_quick(pattern: str) -> bool:
    return len(pattern) <= _LONGEST_PATTERN and _QUICK.fullmatch(pattern) is not None


def _used(name: str, part: object) -> dict[str, Any]:
    if not isinstance(part, Mapping):  # true and false are schemas too
        raise Undrawable(f"{name[:_LONGEST_SAID]}: nothing is said about it")
    used = {keyword: value for keyword, value in part.items() if keyword in _USED}
    choices, pattern = used.get("enum"), used.get("pattern")
    if isinstance(choices, list) and len(choices) > _MOST_CHOICES:
        raise Undrawable(f"{name}: more than {_MOST_CHOICES} choices")
    if isinstance(pattern, str) and len(pattern) > _LONGEST_WRITTEN:
        raise Undrawable(f"{name}: a pattern of more than {_LONGEST_WRITTEN} characters")
    return used


def _field(name: str, part: Mapping[str, Any], required: bool) -> FormField:  # noqa: FBT001 - a column of a table
    kind = _kind(name, part)
    return FormField(
        name=name,
        kind=kind,
        titles=_texts(part.get("x-titles"), part.get("title") or name),
        hints=_texts(part["x-hints"], name) if "x-hints" in part else None,
        required=required,
        choices=tuple(_choices(part)) if kind is FieldKind.CHOICE else (),
        minimum=part.get("minimum"),
        maximum=part.get("maximum"),
        longest=int(min(part.get("maxLength", _LONGEST_TEXT), _LONGEST_TEXT)),
        numeric=_ONLY_DIGITS.fullmatch(part.get("pattern", "")) is not None,
        capitals=_ONLY_CAPITALS.fullmatch(part.get("pattern", "")) is not None,
        around=Around.from_schema(part.get("x-days", {})),
    )


def _kind(name: str, part: Mapping[str, Any]) -> FieldKind:
    if "enum" in part:
        if not all(isinstance(value, str) and len(value) <= _LONGEST_TEXT for value in part["enum"]):
            raise Undrawable(f"{name}: choices that are not texts, or long ones")
        return FieldKind.CHOICE
    wanted = part.get("type")
    if (wanted, part.get("format")) == ("string", "date"):
        return FieldKind.DAY
    kind = _KINDS.get(wanted) if isinstance(wanted, str) else None
    if kind is None:
        raise Undrawable(f"{name}: no way to draw type {wanted!r}")
    try:
        re.compile(part.get("pattern", ""))
    except (re.error, RecursionError, OverflowError) as error:
        raise Undrawable(f"{name}: its pattern is none: {error}") from error
    return kind


_KINDS: Final = {"string": FieldKind.TEXT, "integer": FieldKind.INTEGER, "boolean": FieldKind.BOOLEAN}


def _choices(part: Mapping[str, Any]) -> list[Choice]:
    titles = part.get("x-choices", {})
    if not isinstance(titles, Mapping):
        raise Undrawable("the words of its choices are not by value")
    return [Choice(value, _texts(titles.get(value), value)) for value in part["enum"]]


def _texts(given: object, otherwise: str) -> dict[Language, str]:
    if given is None:
        return {Language.ENGLISH: otherwise}
    try:
        return _TEXTS.validate_python(given)
    except InvalidTexts as error:
        raise Undrawable(f"{otherwise}: its words are not texts by language") from error


def _read(question: FormField, entered: object) -> object:
    """The value of one field, None when nothing was entered, or what is wrong."""
    if entered is None or (isinstance(entered, str) and not entered.strip()):
        return False if question.kind is FieldKind.BOOLEAN and question.required else None
    if question.kind is FieldKind.TEXT and isinstance(entered, str) and len(entered.strip()) > question.longest:
        return FieldError.TOO_LONG  # said before anything looks at the text itself
    return _READERS[question.kind](entered)


def _read_text(entered: object) -> object:
    return entered.strip() if isinstance(entered, str) else FieldError.NOT_ALLOWED


def _read_integer(entered: object) -> object:
    if isinstance(entered, int) and not isinstance(entered, bool):
        return entered
    if isinstance(entered, str) and _INTEGER.fullmatch(entered.strip()):
        return int(entered)
    return FieldError.NOT_A_NUMBER


def _read_day(entered: object) -> object:
    """RFC 3339's full-date."""
    if not isinstance(entered, str) or not _FULL_DATE.fullmatch(entered):
        return FieldError.NO_SUCH_DAY
    try:
        return date.fromisoformat(entered).isoformat()
    except ValueError:
        return FieldError.NO_SUCH_DAY


def _read_boolean(entered: object) -> object:
    return {True: True, False: False, "true": True, "false": False, "on": True}.get(
        entered if isinstance(entered, bool | str) else "", FieldError.NOT_ALLOWED
    )


_READERS: Final = {
    FieldKind.CHOICE: _read_text,
    FieldKind.DAY: _read_day,
    FieldKind.TEXT: _read_text,
    FieldKind.INTEGER: _read_integer,
    FieldKind.BOOLEAN: _read_boolean,
}
