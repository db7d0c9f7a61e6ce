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
    EvidenceFault,
    EvidenceRefused,
    ServiceProblem,
    ServiceUnreachable,
    StepUpRequired,
    WebhookExpired,
    WebhookMalformed,
    WebhookRefused,
    WebhookSignatureInvalid,
)
from cardsvc.client.evidence import EvidenceVerifier, VerifiedEvidence
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
    "EvidenceFault",
    "EvidenceRefused",
    "EvidenceVerifier",
    "FetchedJwks",
    "JwksSource",
    "ServiceClient",
    "ServiceProblem",
    "ServiceUnreachable",
    "StaticJwks",
    "StepUpRequired",
    "VerifiedAssertion",
    "VerifiedEvidence",
    "WebhookExpired",
    "WebhookMalformed",
    "WebhookRefused",
    "WebhookSignatureInvalid",
    "WebhookVerifier",
    "load_key",
    "statement",
]
