"""The problems that any request may come to before, or instead of, a refusal of ours: no class stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple


class General(NamedTuple):
    """One of them."""

    status: HTTPStatus
    title: str
    meaning: str
    """For docs/problems.md: when it is answered, and what to do."""


GENERAL: Final[Mapping[str, General]] = {
    "invalid-request": General(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is malformed",
        "What came is not as the OpenAPI document says, and nothing was done. Where `errors` is there, each says where"
        " (`in`, and `pointer`, an RFC 6901 pointer to the member), why (`reason`, a word for programs), and in words"
        " what to do (`detail`). What was in the member is never repeated.",
    ),
    "not-found": General(HTTPStatus.NOT_FOUND, "There is nothing here", "Nothing is at this path. Look at the path."),
    "method-not-allowed": General(
        HTTPStatus.METHOD_NOT_ALLOWED, "The path takes other methods", "Use one of those that `Allow` names."
    ),
    "request-too-large": General(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The request is too large",
        "The body is larger than anything that this path could take. Send less at a time.",
    ),
    "internal-error": General(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong here",
        "A fault of the service. Try again in a moment; tell the operator the `instance` when it stays.",
    ),
    "not-ready": General(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database does not answer",
        "Answered at `/readyz` only: send requests elsewhere, or wait.",
    ),
}
"""By code."""
