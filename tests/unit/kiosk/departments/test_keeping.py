"""What makes a request the same as another, and what is not to be read from what is kept."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.departments.contract.app import idempotency_key
from kiosk.departments.contract.keeping import Request
from kiosk.departments.contract.refusals import IdempotencyKeyMissing, MalformedRequest
from tests.fixtures.departments import NOON

REQUEST = Request("li-wei", "k" * 16, "clinic-check-in", {"a": 1, "b": [True, "x"]}, "jti", NOON)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("changed", "same_place", "same_fingerprint"),
    [
        ({"input": {"b": [True, "x"], "a": 1}}, True, True),
        ({"jti": "another"}, True, True),
        ({"input": {"a": 2, "b": [True, "x"]}}, True, False),
        ({"input": {"a": "1", "b": [True, "x"]}}, True, False),
        ({"service": "balance"}, True, False),
        ({"pseudonym": "somebody else"}, False, True),
        ({"key": "l" * 16}, False, False),
    ],
)
def test_what_makes_two_requests_the_same(
    changed: dict[str, object],
    same_place: bool,  # noqa: FBT001 (a table of examples)
    same_fingerprint: bool,  # noqa: FBT001
) -> None:
    other = dataclasses.replace(REQUEST, **changed)  # type: ignore[arg-type]  # members by name, from the table
    assert (other.id == REQUEST.id) is same_place
    assert (other.fingerprint == REQUEST.fingerprint) is same_fingerprint


@given(JSON, JSON)
def test_different_input_has_a_different_fingerprint(one: object, other: object) -> None:
    prints = {dataclasses.replace(REQUEST, input={"x": entered}).fingerprint for entered in (one, other)}
    assert (len(prints) == 1) == (repr(one) == repr(other) or _sorted(one) == _sorted(other))


def _sorted(value: object) -> str:
    """Like ``repr``, but the same for objects whose members came in another order; 1, 1.0 and True stay apart."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_sorted(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_sorted, value)) + "]"
    return repr(value)


def test_a_request_does_not_show_whose_it_is() -> None:
    assert "li-wei" not in repr(REQUEST)
    assert "True" not in repr(REQUEST)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_no_json_have_no_fingerprint(number: float) -> None:
    with pytest.raises(MalformedRequest):
        _ = dataclasses.replace(REQUEST, input={"x": number}).fingerprint


@pytest.mark.parametrize("header", ["k" * 16, "k" * 64, "8e03978e-40d5-43dd-bc93-6894a57f9324", f'"{"k" * 16}"'])
def test_keys(header: str) -> None:
    assert idempotency_key(header) == header.strip('"')


@pytest.mark.parametrize("header", [None, "", "k" * 15, "k" * 65, "k" * 16 + "\n", f'"{"k" * 16}', "k" * 15 + "é"])
def test_no_keys(header: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        idempotency_key(header)
