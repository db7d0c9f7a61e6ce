"""Every table, so that metadata is complete wherever this is imported (migrations, tests)."""

from cardsvc.approvals.models import Approval
from cardsvc.audit.models import AuditCheckpoint, AuditEntry, AuditNote, AuditRecord, AuditTile, AuditWaiting
from cardsvc.authentication.models import IssuedAssertion, Visit
from cardsvc.callers.models import Caller, RoleGrant, UsedClientAssertion
from cardsvc.cards.models import Card, Collection
from cardsvc.citizens.models import (
    Citizen,
    Document,
    Erasure,
    Guardianship,
    PersonVersion,
    Photo,
    SearchToken,
)
from cardsvc.db import Base
from cardsvc.departments.models import Acquaintance, Department, Policy, PolicyDraft
from cardsvc.fleet.models import EnrolmentCode, FleetPlan, Kiosk
from cardsvc.idempotency.models import KeptAnswer
from cardsvc.incidents.models import Incident
from cardsvc.issuance.models import Application, Attempt, CardSecret, JournalEntry, Unblocking
from cardsvc.locks.models import CardLock
from cardsvc.losses.models import LossReport
from cardsvc.offices.models import Office
from cardsvc.offline.models import OfflinePackage, OfflineTap
from cardsvc.reach.models import Revocation, RevocationAcknowledgement
from cardsvc.registry.models import RegistryEvent
from cardsvc.sealed.models import SealedBatch, SealedEntry
from cardsvc.stock.models import HandedApplication, HandedCard, HandOver, StockBatch, StockCount
from cardsvc.trust.models import Certificate, KeyVersion, PublishedStatement, SealCertificate, StatusList, StatusPlace
from cardsvc.webhooks.models import DepartmentEvent, WebhookAttempt, WebhookSubscription

__all__ = [
    "Acquaintance",
    "Application",
    "Approval",
    "Attempt",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditNote",
    "AuditRecord",
    "AuditTile",
    "AuditWaiting",
    "Base",
    "Caller",
    "Card",
    "CardLock",
    "CardSecret",
    "Certificate",
    "Citizen",
    "Collection",
    "Department",
    "DepartmentEvent",
    "Document",
    "EnrolmentCode",
    "Erasure",
    "FleetPlan",
    "Guardianship",
    "HandOver",
    "HandedApplication",
    "HandedCard",
    "Incident",
    "IssuedAssertion",
    "JournalEntry",
    "KeptAnswer",
    "KeyVersion",
    "Kiosk",
    "LossReport",
    "Office",
    "OfflinePackage",
    "OfflineTap",
    "PersonVersion",
    "Photo",
    "Policy",
    "PolicyDraft",
    "PublishedStatement",
    "RegistryEvent",
    "Revocation",
    "RevocationAcknowledgement",
    "RoleGrant",
    "SealCertificate",
    "SealedBatch",
    "SealedEntry",
    "SearchToken",
    "StatusList",
    "StatusPlace",
    "StockBatch",
    "StockCount",
    "Unblocking",
    "UsedClientAssertion",
    "Visit",
    "WebhookAttempt",
    "WebhookSubscription",
]
