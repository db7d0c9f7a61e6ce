"""Typed client of the card service, for kiosks, desks and departments."""

from cardsvc.client.assertions import AssertionVerifier, VerifiedAssertion
from cardsvc.client.errors import (
    AssertionExpired,
    AssertionForeign,
    AssertionForPreparing,
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionOffline,
    AssertionRefused,
    AssertionSignatureInvalid,
    AssertionWrongAudience,
    AssertionWrongDocument,
    AssertionWrongService,
    ClientError,
    EvidenceFault,
    EvidenceRefused,
    ServiceProblem,
    ServiceUnreachable,
    SignatureFault,
    SignatureRefused,
    StepUpRequired,
    WebhookExpired,
    WebhookMalformed,
    WebhookRefused,
    WebhookSignatureInvalid,
)
from cardsvc.client.evidence import EvidenceVerifier, VerifiedEvidence
from cardsvc.client.fleet import enrol_kiosk
from cardsvc.client.jwks import FetchedJwks, JwksSource, StaticJwks
from cardsvc.client.keys import load_key
from cardsvc.client.service import ServiceClient, statement
from cardsvc.client.signatures import SignatureVerifier, SignedDocument, VerifiedSignature
from cardsvc.client.webhooks import WebhookVerifier

__all__ = [
    "AssertionExpired",
    "AssertionForPreparing",
    "AssertionForeign",
    "AssertionKeyUnknown",
    "AssertionMalformed",
    "AssertionOffline",
    "AssertionRefused",
    "AssertionSignatureInvalid",
    "AssertionVerifier",
    "AssertionWrongAudience",
    "AssertionWrongDocument",
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
    "SignatureFault",
    "SignatureRefused",
    "SignatureVerifier",
    "SignedDocument",
    "StaticJwks",
    "StepUpRequired",
    "VerifiedAssertion",
    "VerifiedEvidence",
    "VerifiedSignature",
    "WebhookExpired",
    "WebhookMalformed",
    "WebhookRefused",
    "WebhookSignatureInvalid",
    "WebhookVerifier",
    "enrol_kiosk",
    "load_key",
    "statement",
]
