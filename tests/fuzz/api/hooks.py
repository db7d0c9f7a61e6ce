"""Loaded by schemathesis: gives each operation the token of a caller that may call it.

``FUZZ_API_TOKENS`` is a file with the tokens and what they cover (`world.World.tokens`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import schemathesis
from jsonschema import Draft202012Validator
from schemathesis import AuthContext, Case, CheckContext, GenerationMode, HookContext, Response, SerializationContext
from schemathesis.transport.serialization import serialize_binary

from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX

UNSAID: Final = {
    "draftFleetPlan": "every department has one place, and every place one department",
    "reportLoss": "only what was asked can be answered right",
    "readUsage": "days have bounds",
}
"""What JSON Schema cannot say about what operations take."""
TOKENS: dict[str, Any] = json.loads(Path(os.environ["FUZZ_API_TOKENS"]).read_text())


@schemathesis.auth(refresh_interval=None)
class Callers:
    """The first caller that holds a scope which the operation asks for."""

    def get(self, _case: Case[Any], context: AuthContext) -> str | None:
        security = context.operation.definition.raw.get("security", [])
        wanted = {scope for choice in security for scopes in choice.values() for scope in scopes}
        return next((known["token"] for known in TOKENS.values() if wanted & set(known["scopes"])), None)

    def set(self, case: Case[Any], token: str | None, _context: AuthContext) -> None:
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.serializer("application/ocsp-request")
def write_bytes(_context: SerializationContext, value: Any) -> bytes:
    """The body as it is."""
    return serialize_binary(value)


@schemathesis.check
def schema_valid_is_well_formed(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """What the document allows is never called malformed; refused it may be, for what it means."""
    meant_well = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if (
        meant_well
        and _is_allowed(case)
        and case.operation.definition.raw.get("operationId") not in UNSAID
        and _code(response) == "invalid-request"
    ):
        raise AssertionError(f"the document allows this, the service calls it malformed: {response.text}")


def _is_allowed(case: Case[Any]) -> bool:
    """A value that means something is put in the place of whatever was thought of, of null, too: is it still valid?"""
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return True
    document = case.operation.schema.raw_schema | content["application/json"]["schema"]
    return bool(Draft202012Validator(document).is_valid(case.body))


def _code(response: Response) -> str:
    if "problem+json" not in str(response.headers.get("content-type")):
        return ""
    return str(response.json()["type"]).removeprefix(PROBLEM_TYPE_PREFIX)


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Nobody puts out the callers that ask: there would be nothing left to see."""
    return (case.path_parameters or {}).get("client_id") not in TOKENS
