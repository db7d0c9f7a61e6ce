"""Members of request bodies take what their JSON Schema says, not what looks like it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cardsvc.app import checked_routes

JSON_VALUES: tuple[object, ...] = (
    False,
    True,
    0,
    1,
    7,
    1.5,
    "0",
    "1",
    "7",
    "7.0",
    "yes",
    "1700000000",
    1700000000,
    "2026-03-02",
    None,
    [],
)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Those that it names, and those that these name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for argument in get_args(annotation):
        yield from _models(argument)


def _bodies() -> set[type[BaseModel]]:
    routes = [context.original_route for context in iter_route_contexts(checked_routes())]
    bodies = [route.body_field for route in routes if isinstance(route, APIRoute) and route.body_field is not None]
    return {model for body in bodies for model in _models(body.field_info.annotation)}


MEMBERS = [
    pytest.param(model, name, field, id=f"{model.__name__}.{name}")
    for model in sorted(_bodies(), key=lambda one: one.__name__)
    for name, field in model.model_fields.items()
]


@pytest.mark.parametrize(("model", "name", "field"), MEMBERS)
def test_nothing_is_taken_that_the_schema_does_not_allow(model: type[BaseModel], name: str, field: FieldInfo) -> None:
    whole = model.model_json_schema()
    schema = {"$defs": whole.get("$defs", {}), **whole["properties"][field.alias or name]}
    allowed = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    annotation: Any = field.annotation
    taking = TypeAdapter(Annotated[annotation, *field.metadata] if field.metadata else annotation)
    wrong = [value for value in JSON_VALUES if _takes(taking, value) and not allowed.is_valid(value)]
    assert wrong == []


def _takes(taking: TypeAdapter[Any], value: object) -> bool:
    try:
        taking.validate_python(value)
    except ValidationError:
        return False
    return True
