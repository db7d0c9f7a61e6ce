"""Forms from JSON Schema: what is drawn, what is read back, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cardsvc.wire.manifest import Language
from kiosk.forms import FieldError, FieldKind, Form, Undrawable
from tests.fixtures.offers import DISTRICT_QUESTION

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["colour", "count", "agreed"],
    "additionalProperties": False,
    "properties": {
        "colour": {"type": "string", "enum": ["red", "green"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "agreed": {"type": "boolean"},
        "barcode": {"type": "string", "pattern": "^3[0-9]{4}$", "minLength": 5, "maxLength": 5},
        "remark": {"type": "string", "maxLength": 10},
        "since": {"type": "string", "format": "date", "x-days": {"before": 40, "after": 400}},
    },
}
FORM = Form.from_schema(SCHEMA)
TODAY = date(2026, 11, 29)
GOOD = {"colour": "red", "count": "3", "agreed": True}


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_every_kind_is_drawn_in_the_order_of_the_schema() -> None:
    assert [(question.name, question.kind, question.required) for question in FORM.fields] == [
        ("colour", FieldKind.CHOICE, True),
        ("count", FieldKind.INTEGER, True),
        ("agreed", FieldKind.BOOLEAN, True),
        ("barcode", FieldKind.TEXT, False),
        ("remark", FieldKind.TEXT, False),
        ("since", FieldKind.DAY, False),
    ]


def test_only_patterns_of_digits_get_a_number_pad() -> None:
    assert {question.name for question in FORM.fields if question.numeric} == {"barcode"}


def test_words_come_from_the_schema_in_all_its_languages() -> None:
    question = Form.from_schema(DISTRICT_QUESTION).fields[0]
    assert question.titles[Language.PORTUGUESE] == "O que sente?"
    assert [choice.titles[Language.CHINESE] for choice in question.choices] == ["发烧", "咳嗽"]


def test_a_good_form_is_read_as_the_schema_wants_it() -> None:
    filled = FORM.fill({**GOOD, "barcode": " 31234 ", "remark": "", "since": "2028-02-29"})
    assert filled.errors == {}
    assert filled.values == {"colour": "red", "count": 3, "agreed": True, "barcode": "31234", "since": "2028-02-29"}


def test_the_years_of_a_day_are_those_around_today() -> None:
    around = FORM.fields[-1].around
    assert list(around.years(date(2026, 11, 29))) == [2026, 2027, 2028]
    assert list(around.years(date(2027, 1, 15))) == [2026, 2027, 2028]
    assert len(Form.from_schema(object_of(at={"type": "string", "format": "date"})).fields[0].around.years(TODAY)) > 200


@pytest.mark.parametrize(
    ("changed", "field", "error"),
    [
        ({"colour": ""}, "colour", FieldError.MISSING),
        ({"colour": None}, "colour", FieldError.MISSING),
        ({"colour": "blue"}, "colour", FieldError.NOT_ALLOWED),
        ({"colour": 7}, "colour", FieldError.NOT_ALLOWED),
        ({"count": "three"}, "count", FieldError.NOT_A_NUMBER),
        ({"count": "1.5"}, "count", FieldError.NOT_A_NUMBER),
        ({"count": True}, "count", FieldError.NOT_A_NUMBER),
        ({"count": "0"}, "count", FieldError.TOO_SMALL),
        ({"count": "10"}, "count", FieldError.TOO_LARGE),
        ({"agreed": "perhaps"}, "agreed", FieldError.NOT_ALLOWED),
        ({"barcode": "41234"}, "barcode", FieldError.NOT_ALLOWED),
        ({"barcode": "3"}, "barcode", FieldError.NOT_ALLOWED),
        ({"remark": "much too long"}, "remark", FieldError.TOO_LONG),
        ({"since": "2027-02-29"}, "since", FieldError.NO_SUCH_DAY),
        ({"since": "2027--15"}, "since", FieldError.NO_SUCH_DAY),
        ({"since": "20270115"}, "since", FieldError.NO_SUCH_DAY),
        ({"since": "２０２７-01-15"}, "since", FieldError.NO_SUCH_DAY),
        ({"since": 20270115}, "since", FieldError.NO_SUCH_DAY),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(changed: dict[str, object], field: str, error: FieldError) -> None:
    assert FORM.fill({**GOOD, **changed}).errors == {field: error}


def test_fields_that_nobody_asked_for_are_left_out() -> None:
    assert "surprise" not in FORM.fill({**GOOD, "surprise": "x"}).values


@pytest.mark.parametrize(
    "schema",
    [
        object_of(when={"type": "number"}),
        object_of(when={"type": "object"}),
        object_of(when={"$ref": "#/x"}),
        object_of(when={"enum": [1, 2]}),
        object_of(when={"type": "string", "x-titles": {"zh-Hans": "no English"}}),
        object_of(when={"type": "string", "pattern": "["}),
        object_of(when={"type": "string", "pattern": "(" * 5000}),
        object_of(when={"type": ["string", "null"]}),
        object_of(when=True),
        object_of(when={"enum": ["a"], "x-choices": ["A"]}),
        object_of(when={"type": "string"}) | {"required": ["other"]},
        {"type": "object", "properties": {"when": {"type": "nonsense"}}},
        object_of(when={"type": "string", "format": "date", "x-days": 30}),
        object_of(when={"type": "string", "format": "date", "x-days": {"before": "a year"}}),
        object_of(when={"type": "string", "format": "date", "x-days": {"after": -1}}),
        object_of(when={"type": "string", "format": "date", "x-days": {"after": 10**9}}),
        object_of(**{f"question{number}": {"type": "string"} for number in range(9)}),
        object_of(when={"enum": [str(number) for number in range(101)]}),
        object_of(when={"enum": ["a" * 201]}),
        object_of(when={"enum": 5}),
        object_of(when={"type": "string", "pattern": "a" * 1001}),
        object_of(when={"type": "string", "pattern": 5}),
        object_of(when={"type": "string"}) | {"required": 5},
    ],
)
def test_what_cannot_be_drawn_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Undrawable):
        Form.from_schema(schema)


def test_of_a_refused_schema_no_more_is_said_than_a_log_wants() -> None:
    for schema in (object_of(when={"enum": "x" * 5000}), object_of() | {"required": [f"a{i}" for i in range(5000)]}):
        with pytest.raises(Undrawable) as refused:
            Form.from_schema(schema)
        assert len(str(refused.value)) < 300


def test_what_is_not_drawn_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a megabyte of schemas within a schema keeps a validator busy for a minute, at every look at a manifest."""
    seen: list[Any] = []
    monkeypatch.setattr(Draft202012Validator, "check_schema", seen.append)
    Form.from_schema(object_of(when={"type": "string", "allOf": [{}, {}]}) | {"$defs": {"x": {}}, "anyOf": [{}]})
    assert seen == [{"required": [], "properties": {"when": {"type": "string"}}}]


def test_no_schema_has_the_kiosk_fetch_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A department that is not what it should be names an address inside the city, or one that never answers."""
    asked: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *request, **_: asked.append(request))
    for at in ({"$ref": "http://127.0.0.1:1/x"}, {"$dynamicRef": "http://127.0.0.1:1/x"}, {"$ref": "#/nowhere"}):
        form = Form.from_schema(object_of(when={"type": "string", **at}) | at)
        assert form.fill({"when": "now"}).values == {"when": "now"}
    assert asked == []


@pytest.mark.parametrize("pattern", ["^(a|a)*$", "^(a+)+$", "^a*a*a*a*a*a*a*a*$", "^.*.*.*.*.*.*=$"])
def test_no_pattern_holds_the_kiosk_up(pattern: str) -> None:
    """The whole kiosk waits while a form is read. What is not checked here the department refuses."""
    form = Form.from_schema(object_of(when={"type": "string", "pattern": pattern}))
    assert form.fill({"when": "a" * 100 + "!"}).errors == {}


@pytest.mark.parametrize("pattern", ["^3[0-9]{4}$", "^[A-Z]{2}-[0-9]{2,4}$", r"^\d+$", "[a-z]?", "^.{3}$"])
def test_plain_patterns_are_checked(pattern: str) -> None:
    form = Form.from_schema(object_of(when={"type": "string", "pattern": pattern}))
    assert form.schema["properties"]["when"]["pattern"] == pattern


def test_a_text_is_never_longer_than_what_was_drawn() -> None:
    form = Form.from_schema(object_of(when={"type": "string", "pattern": "^a*$"}))
    assert form.fill({"when": "a" * 201}).errors == {"when": FieldError.TOO_LONG}


@given(
    st.dictionaries(
        st.sampled_from([*SCHEMA["properties"], "other"]),
        st.one_of(
            st.text(max_size=12), st.integers(), st.booleans(), st.none(), st.sampled_from(["red", "31234", "4"])
        ),
    )
)
def test_whatever_is_entered_what_goes_on_fits_the_schema(entered: dict[str, object]) -> None:
    filled = FORM.fill(entered)
    assert bool(filled.errors) or Draft202012Validator(SCHEMA).is_valid(filled.values)
    assert set(filled.errors) <= set(SCHEMA["properties"])
