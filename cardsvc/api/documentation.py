"""How refusals are described in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE, Problem

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """The problems that a route may answer with, for its ``responses``. Whoever is known may ask too often."""
    known = {401: (429,)}
    return {status: _problem(status) for asked in statuses for status in (asked, *known.get(asked, ()))}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    described = {"description": HTTPStatus(status).phrase, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
    return described | ({"headers": dict(_RETRY_AFTER)} if status == HTTPStatus.TOO_MANY_REQUESTS else {})


_RETRY_AFTER: Final = {
    "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 1}}
}
