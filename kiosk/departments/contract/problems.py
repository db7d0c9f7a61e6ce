"""The one map from a refusal to HTTP (RFC 9110, RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, STEP_UP_CHALLENGE, Problem
from kiosk.departments.contract.refusals import (
    AssertionNotAccepted,
    AssertionReplayed,
    AttributeNeeded,
    CardNotAccepted,
    CardNotInForceThen,
    DepartmentFailed,
    DocumentNotPrepared,
    DocumentOutdated,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InputRefused,
    MalformedRequest,
    NothingToContinue,
    NothingToTakeBack,
    Refusal,
    RequestTooLarge,
    SamePersonTwice,
    ServiceRefused,
    SignatureNeeded,
    SignatureNotAccepted,
    StepUpNeeded,
    TurnMistaken,
    UnknownService,
    VerificationUnavailable,
)

STATUS: Final[Mapping[type[Refusal], int]] = {
    MalformedRequest: 400,
    RequestTooLarge: 413,
    UnknownService: 404,
    IdempotencyKeyMissing: 400,
    IdempotencyKeyReused: 422,  # as draft-ietf-httpapi-idempotency-key-header §2.7 has it
    AssertionNotAccepted: 401,
    CardNotAccepted: 401,
    AssertionReplayed: 401,
    StepUpNeeded: 401,
    SignatureNeeded: 422,
    TurnMistaken: 422,
    SignatureNotAccepted: 422,
    DocumentNotPrepared: 409,
    VerificationUnavailable: 503,
    InputRefused: 422,
    DepartmentFailed: 500,
    ServiceRefused: 409,
    AttributeNeeded: 409,
    DocumentOutdated: 409,
    CardNotInForceThen: 409,
    NothingToContinue: 409,
    NothingToTakeBack: 409,
    SamePersonTwice: 409,
}

CHALLENGE: Final[Mapping[type[Refusal], str]] = {
    AssertionNotAccepted: 'Bearer error="invalid_token"',
    CardNotAccepted: 'Bearer error="invalid_token"',
    AssertionReplayed: 'Bearer error="invalid_token"',
    StepUpNeeded: STEP_UP_CHALLENGE,
}
"""WWW-Authenticate of each 401 (RFC 6750 §3, RFC 9470 §3)."""


def problem_of(refusal: Refusal) -> Problem:
    """The problem that a refusal becomes."""
    members: dict[str, Any] = {
        **refusal.data,
        "type": PROBLEM_TYPE_PREFIX + refusal.code,
        "title": refusal.title,
        "status": status_of(type(refusal)),
        "detail": refusal.detail,
        "message": refusal.message,
    }
    return Problem.model_validate(members)


def status_of(kind: type[Refusal]) -> int:
    """The status of a kind of refusal: its own or that of the nearest kind above it."""
    return next(STATUS[above] for above in kind.__mro__ if above in STATUS)


def headers_of(refusal: Refusal) -> dict[str, str]:
    """The headers that go with a refusal."""
    challenge = CHALLENGE.get(type(refusal))
    return {} if challenge is None else {"WWW-Authenticate": challenge.format_map(refusal.data)}
