"""What a department hears of a tap without a network: an assertion that says so, and how the card stood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cardsvc.callers.principal import Principal
from cardsvc.citizens.models import Citizen
from cardsvc.departments.inquiries import Meeting, note_meetings
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

    def tell(
        self, session: Session, taps: Collection[OfflineTap], actor: Principal, now: datetime
    ) -> Mapping[UUID, str]:
        """For their departments, by tap; none where the person was erased or the department shut out meanwhile."""
        if not taps:
            return {}
        people = _hold_people(session, {tap.citizen_id for tap in taps if tap.citizen_id is not None})
        departments = _departments(session, {tap.department_id for tap in taps if tap.department_id is not None})
        meetings = {
            tap.id: Meeting(
                department.id, pseudonym(self.keystore, department.code, tap.citizen_id), tap.citizen_id, now
            )
            for tap in taps
            if tap.citizen_id in people and (department := departments.get(tap.department_id)) is not None
        }
        note_meetings(session.connection(), set(meetings.values()))
        return {
            tap.id: self._assertion(
                tap, departments[meetings[tap.id].department_id], meetings[tap.id].pseudonym, actor, now
            )
            for tap in taps
            if tap.id in meetings
        }

    def _assertion(self, tap: OfflineTap, department: Department, name: str, actor: Principal, now: datetime) -> str:
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


def _hold_people(session: Session, ids: Collection[UUID]) -> frozenset[UUID]:
    """Those who were not erased. Their rows stay locked: whoever writes down whom departments know holds them."""
    statement = select(Citizen.id).where(Citizen.id.in_(ids), Citizen.wrapped_key.is_not(None))
    return frozenset(session.scalars(statement.order_by(Citizen.id).with_for_update(key_share=True)))


def _departments(session: Session, ids: Collection[UUID]) -> Mapping[UUID | None, Department]:
    """Those that take part, with their callers."""
    statement = select(Department).where(Department.id.in_(ids)).options(joinedload(Department.caller))
    return {
        department.id: department for department in session.scalars(statement) if department.caller.disabled_at is None
    }
