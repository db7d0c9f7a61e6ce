"""Kiosks as machines: as administrators' tools see them, and as they enrol themselves."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
from joserfc.jwk import ECKey

from cardsvc.client.calls import Calls
from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.transport import Repeat, Transport, read
from cardsvc.wire import fleet as wire
from cardsvc.wire import jose
from cardsvc.wire.base import encode_base64url

_PROOF_LIFE: Final = timedelta(seconds=60)


class FleetCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def add_kiosk(self, request: wire.KioskRequest) -> wire.EnrolmentCode:
        """Have a place for a kiosk, and the code that lets it in once."""
        return self._post("/v1/kiosks", request, wire.EnrolmentCode)

    def renew_enrolment_code(self, client_id: str) -> wire.EnrolmentCode:
        """Another code for a kiosk: it was not enrolled in time, or has lost its key."""
        return self._post(f"/v1/kiosks/{client_id}/code", None, wire.EnrolmentCode)

    def kiosks(self) -> Iterator[wire.Kiosk]:
        """All kiosks and how they are, those that are awaited or were shut out too."""
        return (row for page in self._pages("/v1/kiosks", wire.KioskList) for row in page.kiosks)

    def disable_kiosk(self, client_id: str, reason: str) -> wire.Kiosk:
        """Take a kiosk out of service, at once, until it is enabled."""
        return self._post(f"/v1/kiosks/{client_id}/disable", wire.KioskDisabling(reason=reason), wire.Kiosk)

    def enable_kiosk(self, client_id: str) -> wire.Kiosk:
        """Put a kiosk into service again."""
        return self._post(f"/v1/kiosks/{client_id}/enable", None, wire.Kiosk)

    def report(self, heartbeat: wire.Heartbeat) -> wire.Pulse:
        """As a kiosk: say how it is, and hear what there is to know."""
        return self._post("/v1/kiosks/heartbeat", heartbeat, wire.Pulse, Repeat.FREELY)

    def fleet_plan(self) -> wire.FleetPlan:
        """What kiosks offer and how they behave: the version in force."""
        return self._get("/v1/fleet-plan", wire.FleetPlan)

    def draft_fleet_plan(self, terms: wire.FleetPlanTerms, reason: str) -> wire.FleetPlanDraft:
        """Ask a colleague to agree to the next version; the approval is in the answer."""
        request = wire.FleetPlanDraftRequest(**dict(terms), reason=reason)
        return self._post("/v1/fleet-plan/drafts", request, wire.FleetPlanDraft)

    def fleet_plan_draft(self, draft_id: UUID) -> wire.FleetPlanDraft:
        """A draft, as whoever is to approve it sees it."""
        return self._get(f"/v1/fleet-plan/drafts/{draft_id}", wire.FleetPlanDraft)

    def publish_fleet_plan(self, draft_id: UUID) -> wire.FleetPlan:
        """Put a draft in force that a colleague approved."""
        return self._post(f"/v1/fleet-plan/drafts/{draft_id}/publish", None, wire.FleetPlan)


def enrol_kiosk(
    base_url: str,
    code: str,
    key: ECKey,
    *,
    issuer: str | None = None,
    clock: Clock = system_clock,
    transport: httpx.BaseTransport | None = None,
    tls: ssl.SSLContext | None = None,
) -> wire.Enrolment:
    """Enrol a kiosk: who it is from now on, with this key. Raises ServiceProblem, ServiceUnreachable.

    May be repeated with the same key when no answer came.
    """
    base_url = base_url.rstrip("/")
    request = wire.EnrolmentRequest(
        code=code,
        public_jwk=dict(key.as_dict(private=False)),
        proof=_proof(code, key, issuer or base_url, clock),
    )
    sending = Transport(base_url, transport, tls=tls)
    try:
        content, headers = request.model_dump_json().encode(), {"Content-Type": "application/json"}
        sent = sending.send("POST", "/v1/kiosks/enrol", repeat=Repeat.FREELY, content=content, headers=headers)
        return read(sent, wire.Enrolment)
    finally:
        sending.close()


def _proof(code: str, key: ECKey, issuer: str, clock: Clock) -> str:
    now = clock()
    claims = {
        "aud": issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + _PROOF_LIFE).timestamp()),
        "jkt": key.thumbprint(),
        "code_sha256": encode_base64url(hashlib.sha256(wire.normal_code(code).encode()).digest()),
    }
    return jose.sign(claims, key, typ=wire.ENROLMENT_TYP)
