"""What a kiosk takes along: signed at the moment it asks, so that it knows as of when all of it is so."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.principal import Principal
from cardsvc.db import SessionFactory, in_transaction, reading
from cardsvc.departments.models import Department
from cardsvc.departments.repository import RulesInForce, rules_in_force
from cardsvc.evidence.signing import EvidenceSigner
from cardsvc.offline.supplying import note_package
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import FIRST, KeyName
from cardsvc.trust.models import KeyVersion, StatusList
from cardsvc.trust.publishing import Publisher
from cardsvc.trust.status_lists import status_list
from cardsvc.wire.offline_taps import PACKAGE_TYP, CurrentStatusList, OfflinePackage, OfflineServices
from cardsvc.wire.policies import LONGEST_OFFLINE

LIFETIME: Final = timedelta(seconds=LONGEST_OFFLINE)
"""Well within that of the signer's certificate."""


@dataclass(frozen=True)
class Packer:
    """Makes packages."""

    sessions: SessionFactory
    publisher: Publisher
    key_ring: KeyRing
    authority: IssuingAuthority
    signer: EvidenceSigner
    issuer: str

    def pack(self, actor: Principal, now: datetime) -> str:
        """A package for this kiosk, on record. Raises AccessTokenRefused, KioskDisabled."""
        with reading(self.sessions) as session:
            list_ids = session.scalars(select(StatusList.id).order_by(StatusList.created_at)).all()
            departments = _offline_services(session)
            revoked = _revoked_issuers(session)
        package = OfflinePackage(
            iss=self.issuer,
            aud=actor.client_id,
            iat=int(now.timestamp()),
            exp=int((now + LIFETIME).timestamp()),
            issuers=self._issuers(revoked),
            status_lists=[self._current(list_id) for list_id in list_ids],
            departments=departments,
        )
        signed = self.signer.sign_as(PACKAGE_TYP, package.model_dump(mode="json"), now)
        in_transaction(self.sessions, lambda session: note_package(session, actor, package.iat, now))
        return signed

    def _issuers(self, revoked: frozenset[int]) -> list[str]:
        return [
            base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
            for version, certificate in enumerate(self.authority.issuers, start=FIRST)
            if version not in revoked
        ]

    def _current(self, list_id: UUID) -> CurrentStatusList:
        addresses = self.authority.addresses
        with reading(self.sessions) as session:
            topic = status_list(session, self.key_ring, addresses, list_id)
        if topic is None:
            raise LookupError("status lists are never deleted")
        token = self.publisher.current(topic).content
        return CurrentStatusList(uri=addresses.status_list(list_id), sha256=hashlib.sha256(token).digest())


def _revoked_issuers(session: Session) -> frozenset[int]:
    statement = select(KeyVersion.version).where(
        KeyVersion.name == KeyName.ISSUING_CA, KeyVersion.revoked_at.is_not(None)
    )
    return frozenset(session.scalars(statement))


def _offline_services(session: Session) -> Mapping[str, OfflineServices]:
    """Of those departments that take part, where there are any."""
    departments = session.scalars(select(Department).order_by(Department.code))
    allowed = {
        department.code: _allowed(rules_in_force(session, department))
        for department in departments
        if department.caller.disabled_at is None
    }
    return {code: services for code, services in allowed.items() if services.services}


def _allowed(policy: RulesInForce) -> OfflineServices:
    rules = policy.rules.services.items()
    services = {code: rule.offline for code, rule in rules if rule.offline is not None}
    return OfflineServices(policy_version=policy.version, services=services)
