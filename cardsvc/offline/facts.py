"""What our tables say about the cards and departments that taps name: as many questions for fifty taps as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK, TRANSITION
from cardsvc.authentication.holders import Holder, Holders, find_holders
from cardsvc.departments.models import Department, Policy
from cardsvc.locks.service import LIFTED, LOCKED
from cardsvc.offline.supplying import GivenPackage, find_packages
from cardsvc.reach.models import Revocation
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.offline_taps import OfflineTap
from cardsvc.wire.reach import RevocationKind
from readers.piv.identifiers import KeyReference

KEY: Final = KeyReference.CARD_AUTHENTICATION


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy, and since when it was in force."""

    version: int
    since: datetime
    terms: Any


@dataclass(frozen=True, slots=True)
class Change:
    """A card was turned away from then on, or no longer."""

    at: datetime
    kind: RevocationKind


@dataclass(frozen=True, slots=True)
class LockChange:
    """A citizen locked their cards for something, or no longer."""

    at: datetime
    target: str
    """As `locks.checking.target_of` writes it."""
    locked: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that taps are judged by."""

    holders: Holders
    departments: Mapping[str, Department]
    """By code, with their callers."""
    policies: Mapping[UUID, Sequence[PolicyVersion]]
    """By department, the newest first."""
    changes: Mapping[UUID, Sequence[Change]]
    """By card, the oldest first."""
    activations: Mapping[UUID, datetime]
    """By card: when it was put into force for the first time."""
    lock_changes: Mapping[UUID, Sequence[LockChange]]
    """By citizen, the newest first."""
    packages: Mapping[int, GivenPackage]
    """By their time: those that the kiosk was given."""

    def holder(self, tap: OfflineTap) -> Holder | None:
        """Of the card that the tap names."""
        return self.holders.get((tap.card_uuid, KEY))

    def policy_at(self, department: Department, moment: datetime) -> PolicyVersion | None:
        """The version that was in force then."""
        versions = self.policies.get(department.id, ())
        return next((version for version in versions if version.since <= moment), None)

    def locks_at(self, holder: Holder, moment: datetime) -> frozenset[str]:
        """What the citizen had locked the card for then: what is locked now, with what changed since undone."""
        locks = set(holder.locks)
        for change in self.lock_changes.get(holder.citizen_id, ()):
            if change.at > moment:
                (locks.discard if change.locked else locks.add)(change.target)
        return frozenset(locks)


def look_up(session: Session, taps: Collection[OfflineTap], caller_id: UUID) -> Facts:
    """For the taps of a kiosk. The cards stay locked until the commit, in the order in which everybody locks them."""
    session.flush()
    holders = find_holders(session.connection(), {(tap.card_uuid, KEY) for tap in taps})
    cards = {holder.card_id for holder in holders.values()}
    departments = _departments(session, {tap.department for tap in taps})
    return Facts(
        holders,
        departments,
        _policies(session, {department.id for department in departments.values()}),
        _changes(session, cards),
        _activations(session, cards),
        _lock_changes(session, {holder.citizen_id for holder in holders.values()}),
        find_packages(session, caller_id, {tap.known_as_of for tap in taps}),
    )


def _departments(session: Session, codes: Collection[str]) -> Mapping[str, Department]:
    statement = select(Department).where(Department.code.in_(codes)).options(joinedload(Department.caller))
    return {department.code: department for department in session.scalars(statement)}


def _policies(session: Session, departments: Collection[UUID]) -> Mapping[UUID, Sequence[PolicyVersion]]:
    statement = select(Policy).where(Policy.department_id.in_(departments)).order_by(Policy.version.desc())
    found = defaultdict[UUID, list[PolicyVersion]](list)
    for policy in session.scalars(statement):
        found[policy.department_id].append(PolicyVersion(policy.version, policy.created_at, policy.terms))
    return found


def _changes(session: Session, cards: Collection[UUID]) -> Mapping[UUID, Sequence[Change]]:
    columns = (Revocation.card_id, Revocation.at, Revocation.kind)
    found = defaultdict[UUID, list[Change]](list)
    for card_id, at, kind in session.execute(
        select(*columns).where(Revocation.card_id.in_(cards)).order_by(Revocation.at, Revocation.id)
    ):
        found[card_id].append(Change(at, kind))
    return found


def _activations(session: Session, cards: Collection[UUID]) -> Mapping[UUID, datetime]:
    statement = (
        select(AuditRecord.subject_id, func.min(AuditRecord.at))
        .where(
            AuditRecord.subject_id.in_(cards),
            AuditRecord.event == TRANSITION,
            AuditRecord.state == CardState.ACTIVE.value,
        )
        .group_by(AuditRecord.subject_id)
    )
    return {card_id: at for card_id, at in session.execute(statement) if card_id is not None}


def _lock_changes(session: Session, citizens: Collection[UUID]) -> Mapping[UUID, Sequence[LockChange]]:
    columns = (AuditRecord.citizen_id, AuditRecord.at, AuditRecord.event, AuditRecord.detail)
    statement = select(*columns).where(
        AuditRecord.citizen_id.in_(citizens), AuditRecord.event.in_((LOCKED, LIFTED)), AuditRecord.outcome == OK
    )
    found = defaultdict[UUID, list[LockChange]](list)
    for citizen_id, at, event, detail in session.execute(statement.order_by(AuditRecord.id.desc())):
        if citizen_id is not None and detail["changed"]:
            found[citizen_id].append(LockChange(at, detail["lock"], event == LOCKED))
    return found
