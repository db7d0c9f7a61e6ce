"""Puts examples into the OpenAPI document: of what each operation takes, and of what it answers when it does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cardsvc.api.examples.bodies import ANSWERS, FILES, PARAMETERS, REQUESTS
from cardsvc.api.examples.filling import Examples

_PICKED: Final = "example"


def show_examples(document: dict[str, Any]) -> None:
    """Give every operation its examples. Raises NoExample where nobody said what something looks like."""
    examples = Examples(document["components"]["schemas"])
    for methods in document["paths"].values():
        for operation in methods.values():
            _show(operation, examples)


def _show(operation: Mapping[str, Any], examples: Examples) -> None:
    name = operation["operationId"]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        body.update(_example(kind, body["schema"], name, REQUESTS, examples))
    for kind, body in _answers(operation):
        body.update(_example(kind, body["schema"], name, ANSWERS, examples))
    for parameter in operation.get("parameters", ()):
        known = PARAMETERS.get(f"{name}.{parameter['name']}")
        if known is not None:
            parameter[_PICKED] = known


def _answers(operation: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The bodies of what is answered when all went well, with their media types."""
    for status, response in operation["responses"].items():
        if str(status).startswith("2"):
            yield from response.get("content", {}).items()


def _example(
    kind: str, schema: Mapping[str, Any], operation: str, told: Mapping[str, Any], examples: Examples
) -> dict[str, Any]:
    """The example of a body, as its media type object has it. A file is written as a `data:` URL (RFC 2397)."""
    if operation in told:
        return {_PICKED: told[operation]}
    if kind in FILES:
        return {"examples": {"file": {"externalValue": f"data:{kind};base64,{FILES[kind]}"}}}
    return {_PICKED: examples.of(schema, operation)}
