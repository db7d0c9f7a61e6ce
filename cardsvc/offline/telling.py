"""What a department hears of a tap without a network: an assertion that says so, and how the card stood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cardsvc.callers.principal import Principal
from cardsvc.citizens.models import Citizen
from cardsvc.departments.inquiries import make_acquainted
from cardsvc.departments.models import Department
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.offline.models import OfflineTap
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.authentication import ASSERTION_TYP, AssertionClaims, TappedOffline
from cardsvc.wire.levels import Level


@dataclass(frozen=True)
class Teller:
    """Makes these assertions."""

    keystore: Keystore
    key_ring: KeyRing
    issuer: str
    lifetime: timedelta

    def tell(self, session: Session, tap: OfflineTap, actor: Principal, now: datetime) -> str | None:
        """For the department; None when the person was erased or the department shut out meanwhile."""
        citizen = session.get(Citizen, tap.citizen_id)
        department = session.get(Department, tap.department_id)
        if citizen is None or citizen.wrapped_key is None:
            return None
        if department is None or department.caller.disabled_at is not None:
            return None
        name = pseudonym(self.keystore, department.code, citizen.id)
        make_acquainted(session, department, name, citizen.id, now=now)
        claims = self._claims(tap, department, name, actor, now)
        return self.key_ring.jws_signer(KeyName.ASSERTION).sign(claims.written(), typ=ASSERTION_TYP)

    def _claims(
        self, tap: OfflineTap, department: Department, name: str, actor: Principal, now: datetime
    ) -> AssertionClaims:
        if tap.tapped_at is None or tap.card is None or tap.service is None or tap.policy_version is None:
            raise ValueError("nobody is told of a tap that was refused")
        issued_at = int(now.timestamp())
        return AssertionClaims(
            iss=self.issuer,
            aud=department.caller.audience,
            sub=name,
            iat=issued_at,
            exp=issued_at + int(self.lifetime.total_seconds()),
            jti=str(tap.id),
            acr=Level.TAP,
            client_id=actor.client_id,
            service=tap.service,
            policy_version=tap.policy_version,
            attributes={},
            offline=TappedOffline(at=int(tap.tapped_at.timestamp()), card=tap.card),
        )
