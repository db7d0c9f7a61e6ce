"""What request bodies take of whole numbers, true and false, days and moments is what the OpenAPI document says."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from json import dumps
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel, ValidationError

from cardsvc import wire
from cardsvc.app import describe_api
from tests.fixtures.proofs import BASE_URL

DOCUMENT: Final = describe_api(BASE_URL)
SCHEMAS: Final[dict[str, Any]] = DOCUMENT["components"]["schemas"]
KINDS: Final = frozenset({"integer", "boolean", "date", "date-time"})
VALUES: Final[tuple[Any, ...]] = (
    *(False, True, 0, 1, 15, 60, 90, -1, 1 << 60),
    *(0.0, 1.0, 15.0, 60.0, 90.0, 60.5, 1e30),
    *("0", "1", "60", "60.0", "true", "false", "yes", "on", ""),
    *(1700000000, 1700000000.0, "1700000000", "1700000000.5"),
    *("2026-03-02", "2026-3-2", "2026-02-30", "2026-03-02T00:00:00"),
    *("2026-03-02T09:30:00Z", "2026-03-02t09:30:00.25z", "2026-03-02T09:30:00+08:00", "2026-02-30T09:30:00Z"),
    *("2026-03-02 09:30:00Z", "2026-03-02T09:30Z", "2026-03-02T09:30:00", "2026-03-02T09:30:00Z\n"),
    *(None, [], [60], {"0": 60}),
)
"""Those that one or the other kind is, and those that look like them."""


def nodes(document: Any) -> Iterator[dict[str, Any]]:
    """All objects in it, from the top."""
    if isinstance(document, dict):
        yield document
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for one in inner:
        yield from nodes(one)


def in_bodies() -> set[str]:
    """The schemas of all bodies, and those that they hold."""
    left: list[Any] = [
        operation.get("requestBody") for path in DOCUMENT["paths"].values() for operation in path.values()
    ]
    found: set[str] = set()
    while left:
        new = {node["$ref"].rpartition("/")[2] for node in nodes(left.pop()) if "$ref" in node} - found
        found |= new
        left += [SCHEMAS[name] for name in new]
    return found


def members() -> Iterator[tuple[str, str]]:
    """Each with the name of its schema."""
    for name in sorted(in_bodies()):
        for member, schema in SCHEMAS[name].get("properties", {}).items():
            if any({part.get("type"), part.get("format")} & KINDS for part in nodes(schema) if "$ref" not in part):
                yield name, member


MODELS: Final = {
    name: value
    for module in pkgutil.walk_packages(wire.__path__, "cardsvc.wire.")
    for name, value in vars(importlib.import_module(module.name)).items()
    if isinstance(value, type) and issubclass(value, BaseModel)
}
MEMBERS: Final = tuple(members())


def allows(name: str, member: str, value: Any) -> bool:
    schema = SCHEMAS[name]["properties"][member] | {"components": DOCUMENT["components"]}
    return Draft202012Validator(schema, validate_formats=True).is_valid(value)


def takes(name: str, member: str, value: Any) -> bool:
    """As FastAPI gives it the body, and as JSON, which is the same."""
    model, body = MODELS[name], {member: value}
    parsed, read = (
        not any(error["loc"][:1] == (member,) for error in errors)
        for errors in (faults(model.model_validate, body), faults(model.model_validate_json, dumps(body)))
    )
    assert parsed is read
    return parsed


def faults(validate: Any, body: Any) -> list[Any]:
    try:
        validate(body)
    except ValidationError as refused:
        return refused.errors()
    return []


def test_there_are_members_of_each_kind() -> None:
    parts = [part for name, member in MEMBERS for part in nodes(SCHEMAS[name]["properties"][member])]
    assert {part.get("format", part.get("type")) for part in parts} >= KINDS
    assert {("OfflineTerms", "max_age_seconds"), ("Heartbeat", "sent_at"), ("HandOverRequest", "shift")} < {*MEMBERS}
    assert len(MEMBERS) >= 25


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=[".".join(each) for each in MEMBERS])
def test_a_body_takes_what_the_document_says_and_nothing_that_looks_like_it(name: str, member: str) -> None:
    """60.0 is a whole number in JSON Schema; "60" and true are none, 1 is not true, and a number is no moment."""
    wrong = [value for value in VALUES if takes(name, member, value) is not allows(name, member, value)]
    assert wrong == []
    assert len({takes(name, member, value) for value in VALUES}) == 2
