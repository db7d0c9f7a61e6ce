"""The OpenAPI document: what FastAPI knows of the routes, and what only we know of them.

Who may call an operation is not said twice: it is read from what the route asks for (`access.scopes_of`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from cardsvc.api.access import scopes_of
from cardsvc.api.documentation import problems
from cardsvc.api.examples.bodies import PROBLEM
from cardsvc.api.examples.showing import show_examples
from cardsvc.api.requests import REQUEST_ID_HEADER
from cardsvc.api.sent import describe_sent
from cardsvc.callers.scopes import MEANING
from cardsvc.wire.problems import Problem

Document = dict[str, Any]
OAUTH2: Final = "oauth2"

TITLE: Final = "Citizen card service"
_SUMMARY: Final = "Issues citizen cards, authenticates them, and tells departments who is there."
_ABOUT: Final = """\
Callers are officers, desks, kiosks and departments; each holds one EC P-256 key and gets short-lived access tokens
with it at the token endpoint. A refusal is a problem (RFC 9457) whose `type` is stable; `docs/problems.md` lists them.
Every answer carries a `Request-Id`: an operator finds the log with it. What the service sends by itself to departments
stands under `webhooks`.

Not here, since OpenAPI has no words for it: the WebSocket `/v1/cards/{card_uuid}/relay`, over which a desk relays a
card.
"""
_HOW_TO_AUTHENTICATE: Final = """\
Client credentials (RFC 6749 §4.4). The client authenticates with a JWT that it signs with its own key, ES256
(`private_key_jwt`, RFC 7523): `iss` and `sub` are its client id, `aud` this service's issuer or its token endpoint,
`exp` at most five minutes ahead, and a `jti` that is used once. No client has a secret that this service knows.
"""

TAGS: Final[Mapping[str, str]] = {
    "authentication": "Cards prove themselves, and visits begin and end. For kiosks and desks.",
    "verification": "What departments ask: whether an assertion is good, whether people's cards are in force.",
    "tokens": "Access tokens for callers, and assertions for visits.",
    "service": "What anybody may know about this service.",
    "status": "What anybody may ask about certificates and cards, without saying who they are.",
    "applications": "Somebody applies for a card, and somebody else approves.",
    "cards": "The life of a card, from delivery to its end.",
    "stock": "Blank cards: received, counted, handed over, spoilt.",
    "loss reports": "Cards reported lost, at the counter or by telephone.",
    "registry": "Deaths and removals, which end cards, and their reversal.",
    "approvals": "What takes two people: one asks, another decides.",
    "audit": "The audit log, which anybody may watch and auditors read.",
    "people": "Who has been enrolled: found, opened for a purpose, corrected, erased.",
    "investigations": "Looks at people who hear of it at a later date. For investigators, two at a time.",
    "officers": "Officers, their roles and their offices.",
    "departments": "Departments and the policies that say what they may learn.",
    "revocations": "Which cards kiosks turn away, who knows it, and since when everybody does.",
    "webhooks": "What departments hear as it happens: a feed of events, and where and how they are sent.",
    "incidents": "What went wrong at a department, and whom to call there.",
    "kiosks": "Kiosks as machines: enrolled with a code, heard from, taken out of service and put back.",
    "callers": "Kiosks, desks and departments as programs, and their keys.",
}
"""What each tag gathers. A route with a tag that is not here fails the tests."""


def describe(routes: Sequence[BaseRoute], issuer: str) -> Document:
    """The document of these routes, for the service of this name."""
    document = get_openapi(
        title=TITLE,
        version=version("citizen-card"),
        summary=_SUMMARY,
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": issuer}],
        tags=[{"name": name, "description": words} for name, words in TAGS.items()],
        routes=routes,
    )
    components = document["components"]
    components["securitySchemes"] = {OAUTH2: _oauth2(issuer)}
    components["headers"] = {REQUEST_ID_HEADER: _REQUEST_ID}
    components["schemas"][Problem.__name__] = Problem.model_json_schema() | {"examples": [PROBLEM]}
    _close(document)
    security = _security(routes)
    for operation in operations_of(document):
        operation["security"] = security[operation["operationId"]]
        if "requestBody" in operation:
            operation["responses"].setdefault("413", problems(413)[413])
        for response in operation["responses"].values():
            if response.get("headers") != {}:  # which says that it has none of ours
                response["headers"] = {**response.get("headers", {}), REQUEST_ID_HEADER: _REFERENCE}
    show_examples(document)
    document["webhooks"] = describe_sent(document)
    return document


def operations_of(document: Document) -> Iterator[dict[str, Any]]:
    """Every operation."""
    for methods in document["paths"].values():
        yield from methods.values()


def _close(schema: Any) -> None:
    """Where names follow a pattern, no others are taken: pydantic leaves that to be understood."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            _close(inner)


def _security(routes: Sequence[BaseRoute]) -> dict[str, list[dict[str, list[str]]]]:
    """What each operation asks for, by its id: a token with any one of these scopes, or nothing."""
    return {
        str(route.operation_id): [{OAUTH2: [scope]} for scope in sorted(scopes_of(route))]
        for route in iter_route_contexts(routes)
        if route.methods
    }


def _oauth2(issuer: str) -> dict[str, Any]:
    scopes = {scope.value: words for scope, words in MEANING.items()}
    flow = {"tokenUrl": f"{issuer}/oauth/token", "scopes": scopes}
    return {"type": "oauth2", "description": _HOW_TO_AUTHENTICATE, "flows": {"clientCredentials": flow}}


_REQUEST_ID: Final = {
    "description": "Made here for every request; the `instance` of a problem is the same.",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_REFERENCE: Final = {"$ref": f"#/components/headers/{REQUEST_ID_HEADER}"}
