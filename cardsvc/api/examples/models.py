"""What members look like where it depends on whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cardsvc.api.examples.words import JWS

LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "ApplicationRequest": frozenset({"citizen_id", "cause"}),
    "BatchRequest": frozenset({"office"}),
    "ChallengeRequest": frozenset({"transaction_hash"}),
    "CorrectionRequest": frozenset({"name", "name_latin", "birth_date", "document_number"}),
    "ConsentRequest": frozenset({"proof"}),
    "DraftChange": frozenset({"cause"}),
    "AccessHistoryRequest": frozenset({"cursor"}),
    "InvestigationHistoryRequest": frozenset({"cursor"}),
    "InvestigationRequest": frozenset({"citizen_id"}),
    "LockLiftRequest": frozenset({"level"}),
    "LockRequest": frozenset({"level"}),
    "LossReportRequest": frozenset({"verification"}),
    "OfficerRequest": frozenset({"citizen_id"}),
    "OfficerChange": frozenset({"citizen_id"}),
    "SearchRequest": frozenset({"document_number", "card_number"}),
    "TokenResponse": frozenset({"issued_token_type"}),
}
"""Members that a good example does without: often there is one or the other."""

_TOLD: Final = {"en": "Medical insurance was told your district.", "pt": "O seguro médico soube o seu bairro."}
_HOUR: Final = "2026-11-27T09:00:00Z"
_DRAFTED: Final = [{"state": "draft", "actor": "officer-17", "at": "2026-11-27T09:30:00Z", "reason": None}]
_ACTIVE: Final = [{"state": "active", "actor": "officer-17", "at": "2026-11-27T09:30:00Z", "reason": None}]
_PURPOSES: Final = {
    "benefit-review": {"en": "Review of benefits", "zh-Hans": "福利复核", "pt": "Revisão de benefícios"}
}
_SERVICES: Final = {"clinic-check-in": {"level": "tap", "attributes": ["district"]}}
_QUESTIONS: Final = {"age-at-least:65": {"level": "tap", "purposes": ["benefit-review"]}}
_ENTRY: Final = (
    '{"actor":"kiosk-town-hall","at":"2026-11-27T09:30:00.000000Z","citizen":"019ac9a4-5e2f-7a31-b6c8-000'
    '00000000a","counter":7,"detail":{"level":"tap"},"event":"authentication","id":"019ac9a4-5e2f-7a31-b6'
    'c8-00000000000e","outcome":"ok","v":1}'
)
_LOOKED: Final = (
    '{"actor":"officer-17","at":"2026-11-27T09:30:00+00:00","citizen":"019ac9a4-5e2f-7a31-b6c8-0000000000'
    '0a","event":"investigation.open","investigation":"019ac9a4-5e2f-4a31-b6c8-00000000000f","outcome":"o'
    'k","reference":"CR-2026-118","release_on":"2027-05-27","v":1}'
)
_TAP: Final = (
    "eyJhdCI6MTc5NTc3MTgwMCwiY2FyZF91dWlkIjoiNmYxZDNjNTItOGEwYi00YzdlLTlkMjQtNTFiN2EwZTNmOTg2IiwiZGVwYXJ0"
    "bWVudCI6ImVudmlyb25tZW50Iiwic2VydmljZSI6InJlY3ljbGluZy1wb2ludHMiLCJrbm93bl9hc19vZiI6MTc5NTc3MTUwMCwi"
    "c2lnbmF0dXJlIjoiTUVZQ0lRRHYxSXNxckxhb19SRkEzWnpVWG9IV25TeUhlMWFxLVpIRFRRNm9UcTgzRmdJaEFQZkxISlF0Wlh4"
    "QjFEYkhvYmJpbjJYejZRRGJ1YV8wQmszRXF5LUVPczJvIn0"
)
_FIRST: Final = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_HASH: Final = "86MniQUbPmb2d24bxqRHkuGg_0j_AIai5qsqn9dCvuE"

MEMBERS: Final[Mapping[str, Any]] = {
    "AccessEntry.actor": "kiosk-town-hall",
    "AccessEntry.actor_title": "Town hall, ground floor",
    "AccessEntry.audience": "urn:citizen-card:department:medical-insurance",
    "AccessEntry.deed": "told",
    "AccessEntry.event": "assertion.issue",
    "AccessEntry.outcome": "ok",
    "AccessEntry.purpose": None,
    "AccessEntry.purpose_words": None,
    "AccessEntry.questions": ["age-at-least:65"],
    "AccessEntry.reference": None,
    "AccessEntry.released_at": None,
    "AccessEntry.sealed": None,
    "AccessEntry.words": _TOLD,
    "Application.approved_by": None,
    "Application.card_uuid": None,
    "Application.cause": None,
    "Application.guardian_id": None,
    "Application.history": _DRAFTED,
    "Approval.kind": "reinstatement",
    "ApprovalRequest.kind": "reinstatement",
    "AssertionClaims.answers": {"age-at-least:65": True},
    "AssertionClaims.attributes": {"district": "taipa"},
    "AssertionClaims.offline": None,
    "Batch.first": "HQ-00001234",
    "Batch.last": "HQ-00001245",
    "BatchRequest.first": "HQ-00001234",
    "BatchRequest.last": "HQ-00001245",
    "Caller.client_id": "kiosk-town-hall",
    "Caller.kind": "kiosk",
    "Caller.title": "Town hall, ground floor",
    "CallerChange.title": "Town hall, ground floor",
    "CallerRequest.kind": "kiosk",
    "CallerRequest.title": "Town hall, ground floor",
    "Card.history": _ACTIVE,
    "Card.state": "active",
    "CardLock.level": None,
    "ConsistencyProof.first": 2,
    "ConsistencyProof.second": 4,
    "CorrectionRequest.cause": "move",
    "CountRequest.seen": ["HQ-00001234", "HQ-00001235"],
    "Coverage.departments": {
        "medical-insurance": {
            "services": {"clinic-check-in": {"level": "tap", "attributes": ["district"]}},
            "questions": {"age-at-least:65": "tap"},
        }
    },
    "CoveredServices.questions": {"age-at-least:65": "tap"},
    "CoveredServices.services": {"clinic-check-in": {"level": "tap", "attributes": ["district"]}},
    "CoveredService.attributes": ["district"],
    "DayOfUse.people": 8,
    "Delivery.occurred_at": _HOUR,
    "DepartmentEvent.timestamp": _HOUR,
    "DepartmentUsage.people": 8,
    "Document.kind": "identity-document",
    "Enrolment.title": "Town hall, ground floor",
    "EnrolmentCode.code": "7K2M-9QXT-4HBC-VZ8N-1PWR-6DJE",
    "EnrolmentCode.expires_at": "2026-11-28T09:30:00Z",
    "EnrolmentRequest.code": "7K2M-9QXT-4HBC-VZ8N-1PWR-6DJE",
    "EnrolmentRequest.proof": JWS,
    "FoundPerson.document_number": "4567",
    "FoundPerson.name": "陳**",
    "HandOverAcceptance.applications": 1,
    "HandOverAcceptance.cards": 2,
    "Heartbeat.contact": "out-of-order",
    "Heartbeat.contactless": "ready",
    "Incident.people": 8,
    "Incident.resolution": None,
    "IncidentClosure.resolution": "The recipient deleted the list.",
    "InclusionProof.size": 4,
    "JudgedTap.card": "in-force",
    "JudgedTap.hash": _HASH,
    "JudgedTap.reason": None,
    "JudgedTap.sequence": 1,
    "JudgedTap.tap_id": "019ac9a4-5e2f-7a31-b6c8-00000000002b",
    "JudgedTap.verdict": "accepted",
    "KeyChangeRequest.proof": JWS,
    "OwnCardRequest.proof": JWS,
    "KindOfUse.kind": "assertion.verify",
    "KindOfUse.outcome": "ok",
    "Kiosk.clock_ahead": -0.4,
    "Kiosk.code_expires_at": None,
    "Kiosk.disabled_by": None,
    "Kiosk.disabled_reason": None,
    "Kiosk.state": "in-service",
    "Kiosk.title": "Town hall, ground floor",
    "KioskDisabling.reason": "The door was forced.",
    "KioskRequest.title": "Town hall, ground floor",
    "LogEntries.entries": [_ENTRY],
    "LogEntries.size": 1,
    "Loss.number": "4711082604",
    "Loss.outcome": None,
    "LossReport.number": "4711082604",
    "LossReport.outcome": None,
    "LossReport.receipt": JWS,
    "Occasion.purpose": "collection",
    "Office.code": "town-hall",
    "Office.title": "Town hall",
    "OfficeChange.title": "Town hall",
    "OfficeDay.approvals_waiting": 1,
    "OfficeDay.begins": "2026-11-26T16:00:00Z",
    "OfficeDay.day": "2026-11-27",
    "OfficeDay.waiting": [{"state": "submitted", "count": 3}],
    "OfficeDay.ends": "2026-11-27T16:00:00Z",
    "OfficeRequest.code": "town-hall",
    "OfficeRequest.title": "Town hall",
    "Officer.citizen_id": None,
    "Officer.client_id": "officer-17",
    "Officer.title": "Counter 3",
    "OfficerChange.title": "Counter 3",
    "OfficerDay.applications_taken": 12,
    "OfficerDay.applications_approved": 0,
    "OfficerDay.applications_rejected": 0,
    "OfficerDay.applications_cancelled": 1,
    "OfficerDay.cards_issued": 9,
    "OfficerDay.cards_handed_over": 8,
    "OfficerDay.cards_spoilt": 1,
    "OfficerDay.cards_unblocked": 1,
    "OfficerDay.cards_held": 0,
    "OfficerDay.cards_revoked": 0,
    "OfficerDay.losses_reported": 2,
    "OfficerRequest.client_id": "officer-17",
    "OfficerRequest.title": "Counter 3",
    "OfflineTerms.max_age_seconds": 14400,
    "OfflinePackageAnswer.package": JWS,
    "Opening.commitment": "0934c84d2759d8029c7650b1dbd14bae809161dd09d1d3bc9e56543d78f5dc53",
    "Opening.content": _LOOKED,
    "OwnCard.here": True,
    "OwnCard.renewal_opens_on": "2036-09-27",
    "OwnCard.state": "active",
    "OwnLoss.number": "4711082604",
    "Opening.salt": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "OfflineEntry.content": _TAP,
    "OfflineEntry.hash": _HASH,
    "OfflineEntry.previous_hash": _FIRST,
    "OfflineEntry.sequence": 1,
    "PartyReach.kind": "kiosk",
    "PeopleQuestion.purpose": "benefit-review",
    "PersonCard.state": "active",
    "Policy.purposes": _PURPOSES,
    "Policy.questions": _QUESTIONS,
    "Policy.services": _SERVICES,
    "PolicyDraft.purposes": _PURPOSES,
    "PolicyDraft.questions": _QUESTIONS,
    "PolicyDraft.services": _SERVICES,
    "PolicyDraftRequest.purposes": _PURPOSES,
    "PolicyDraftRequest.questions": _QUESTIONS,
    "PolicyDraftRequest.services": _SERVICES,
    "QuestionTerms.purposes": ["benefit-review"],
    "Receipt.entry": _ENTRY,
    "Reidentification.purpose": "court-order",
    "Replay.events": 3,
    "ReplayRequest.since": "019ac9a4-5e2f-7a31-b6c8-000000000028",
    "Revocation.kind": "held",
    "RevocationReach.revocations": 42,
    "RevocationRequest.reason": "stolen",
    "SearchRequest.purpose": "collection",
    "ServiceTerms.level": "tap",
    "ServiceTerms.offline": None,
    "StandingQuestion.purpose": "benefit-review",
    "StockCard.state": "stock",
    "StockCount.seen": 249,
    "TappedOffline.at": 1795771800,
    "TappedOffline.card": "in-force",
    "Transition.state": "draft",
    "StockDay.brought": 0,
    "StockDay.came_back": 0,
    "StockDay.closing": 141,
    "StockDay.destroyed": 0,
    "StockDay.opening": 50,
    "StockDay.received": 100,
    "StockDay.sent": 0,
    "StockDay.used": 9,
    "PersonLife.corrections": [{"at": "2026-11-27T09:30:00Z", "corrected_by": "officer-17", "cause": "move"}],
    "UsageReport.first": "2026-11-01",
    "UsageReport.last": "2026-11-27",
}
