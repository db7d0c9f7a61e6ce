"""Typed client of the card service, for kiosks, desks and departments."""

from cardsvc.client.assertions import AssertionVerifier, VerifiedAssertion
from cardsvc.client.errors import (
    AssertionExpired,
    AssertionForeign,
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionRefused,
    AssertionSignatureInvalid,
    AssertionWrongAudience,
    AssertionWrongService,
    ClientError,
    ServiceProblem,
    ServiceUnreachable,
    StepUpRequired,
    WebhookExpired,
    WebhookMalformed,
    WebhookRefused,
    WebhookSignatureInvalid,
)
from cardsvc.client.jwks import FetchedJwks, JwksSource, StaticJwks
from cardsvc.client.keys import load_key
from cardsvc.client.service import ServiceClient, statement
from cardsvc.client.webhooks import WebhookVerifier

__all__ = [
    "AssertionExpired",
    "AssertionForeign",
    "AssertionKeyUnknown",
    "AssertionMalformed",
    "AssertionRefused",
    "AssertionSignatureInvalid",
    "AssertionVerifier",
    "AssertionWrongAudience",
    "AssertionWrongService",
    "ClientError",
    "FetchedJwks",
    "JwksSource",
    "ServiceClient",
    "ServiceProblem",
    "ServiceUnreachable",
    "StaticJwks",
    "StepUpRequired",
    "VerifiedAssertion",
    "WebhookExpired",
    "WebhookMalformed",
    "WebhookRefused",
    "WebhookSignatureInvalid",
    "WebhookVerifier",
    "load_key",
    "statement",
]
