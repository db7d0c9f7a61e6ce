"""Input is checked against the schema, and refusals never quote it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.wire.manifest import NO_INPUT
from kiosk.departments.contract.forms import choice, digits, form
from kiosk.departments.contract.inputs import check_input, check_schema
from kiosk.departments.contract.refusals import InputRefused
from kiosk.departments.contract.texts import texts

WORDS = texts("Word", "词", "Palavra")
SCHEMA = form(
    colour=choice(WORDS, {"red": WORDS, "green": WORDS}),
    number=digits(WORDS, WORDS, length=6, first="4", example="412345"),
)
GOOD = {"colour": "red", "number": "400000"}


def errors(schema: Mapping[str, object], entered: Mapping[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(InputRefused) as refused:
        check_input(schema, entered)
    return [(error["pointer"], error["rule"]) for error in refused.value.data["errors"]]


def test_good_input_passes() -> None:
    check_schema(SCHEMA)
    check_input(SCHEMA, GOOD)
    check_input(NO_INPUT, {})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"colour": "blue"}, [("/colour", "enum")]),
        ({"colour": 1}, [("/colour", "enum"), ("/colour", "type")]),
        ({"number": "500000"}, [("/number", "pattern")]),
        ({"number": "40000"}, [("/number", "minLength"), ("/number", "pattern")]),
        ({"number": "400000\n"}, [("/number", "maxLength")]),
        ({"number": "4०००००"}, [("/number", "pattern")]),
        ({"other/field~": "x\0"}, [("", "additionalProperties"), ("/other~1field~0", "characters")]),
    ],
)
def test_each_error_names_place_and_rule(changed: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert errors(SCHEMA, {**GOOD, **changed}) == expected


def test_everything_missing_is_named_at_once() -> None:
    assert errors(SCHEMA, {}) == [("", "required"), ("", "required")]


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\x1bb", "\x7f", "\r"])
def test_free_text_with_characters_that_nothing_can_take_is_refused(text: str) -> None:
    free = {"type": "object", "properties": {"note": {"type": "string"}}}
    assert errors(free, {"note": text}) == [("/note", "characters")]
    assert errors(free, {"list": [{"deep": text}]}) == [("/list/0/deep", "characters")]


def test_free_text_of_the_citys_languages_passes() -> None:
    check_input({"type": "object"}, {"note": "Não há água\n没有水 🚰"})


@given(st.text(min_size=12))
def test_what_was_entered_is_never_quoted(secret: str) -> None:
    with pytest.raises(InputRefused) as refused:
        check_input(SCHEMA, {**GOOD, "colour": secret})
    assert secret not in str(refused.value) + str(refused.value.data)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JSON Schema"):
        check_schema({"type": "object", "properties": {"a": {"type": "text"}}})
