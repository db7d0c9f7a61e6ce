"""The names of what a caller may do, as tokens carry them and as a desk hides what its officer may not."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A permission. Every route names the ones it wants; a route that names none does not start (`api/access.py`)."""

    APPLICATIONS_WRITE = "applications:write"
    APPLICATIONS_APPROVE = "applications:approve"
    CARDS_PERSONALISE = "cards:personalise"
    CARDS_DELIVER = "cards:deliver"
    CARDS_ACTIVATE = "cards:activate"
    CARDS_HOLD = "cards:hold"
    CARDS_REVOKE = "cards:revoke"
    CARDS_READ = "cards:read"
    STOCK_WRITE = "stock:write"
    APPROVALS_REQUEST = "approvals:request"
    APPROVALS_DECIDE = "approvals:decide"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_ERASE = "people:erase"
    PEOPLE_REIDENTIFY = "people:reidentify"
    PEOPLE_INVESTIGATE = "people:investigate"
    OFFICERS_WRITE = "officers:write"
    CALLERS_WRITE = "callers:write"
    DEPARTMENTS_WRITE = "departments:write"
    AUDIT_READ = "audit:read"
    AUTHENTICATE = "authenticate"
    AUTHENTICATE_OWN_READER = "authenticate:own-reader"
    VERIFY = "verify"
    EVENTS_READ = "events:read"
    WEBHOOKS_WRITE = "webhooks:write"
    REVOCATIONS_READ = "revocations:read"
    FLEET_REPORT = "fleet:report"
