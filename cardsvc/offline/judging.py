"""Judging a tap that nobody asked us about when it happened.

The kiosk has judged the card by what it knew then. We know more: what became of the card meanwhile, what its citizen
had locked it for then, what the policy says. The time is the kiosk's word, within the life of a package that it was
given (`supplying.py`). A card that did not sign was not there, whoever it belongs to: that is no business of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pydantic import ValidationError

from cardsvc.authentication.chains import ChainVerdicts
from cardsvc.authentication.errors import (
    CardUnknown,
    CertificateRefused,
    DepartmentUnknown,
    ServiceNotCovered,
    SignatureInvalid,
)
from cardsvc.authentication.holders import Holder
from cardsvc.callers.errors import KioskDisabled
from cardsvc.departments.models import Department
from cardsvc.departments.policy import parse_policy
from cardsvc.locks.checking import check_unlocked
from cardsvc.locks.errors import LockedByCitizen
from cardsvc.offline.facts import KEY, Facts
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.offline import OfflineStatement
from cardsvc.wire.offline_taps import OfflineEntry, OfflineTap, TapVerdict
from cardsvc.wire.policies import OfflineTerms
from cardsvc.wire.reach import RevocationKind
from readers.errors import PathError

CLOCK_SKEW: Final = timedelta(minutes=5)
"""A kiosk's clock may be so far ahead of ours."""
OLDEST: Final = timedelta(days=90)
"""Of what became of cards before that not everything is known any more (`cardsvc.retention`)."""
MALFORMED: Final = "tap-malformed"
IN_THE_FUTURE: Final = "tap-in-the-future"
TOO_OLD: Final = "tap-too-old"
DATA_TOO_OLD: Final = "offline-data-too-old"
PACKAGE_UNKNOWN: Final = "offline-package-unknown"

_PREHASHED_SHA256: Final = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
_AFTER: Final[Mapping[RevocationKind, CardAtTap]] = {
    RevocationKind.HELD: CardAtTap.HELD,
    RevocationKind.REVOKED: CardAtTap.REVOKED,
    RevocationKind.EXPIRED: CardAtTap.EXPIRED,
    RevocationKind.RESTORED: CardAtTap.IN_FORCE,
}
_IN_STATE: Final[Mapping[CardState, CardAtTap]] = {
    CardState.ACTIVE: CardAtTap.IN_FORCE,
    CardState.HELD: CardAtTap.HELD,
    CardState.REVOKED: CardAtTap.REVOKED,
    CardState.EXPIRED: CardAtTap.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of an entry."""

    verdict: TapVerdict
    reason: str | None = None
    tap: OfflineTap | None = None
    holder: Holder | None = None
    """Of the card, if it was that card."""
    department: Department | None = None
    policy_version: int | None = None
    card: CardAtTap | None = None


@dataclass(frozen=True, slots=True)
class _Allowed:
    """A version of a policy, and what it says about a service."""

    version: int
    terms: OfflineTerms


def read_tap(entry: OfflineEntry) -> OfflineTap | None:
    """What an entry says; None for one that says nothing."""
    try:
        return OfflineTap.model_validate_json(entry.content)
    except ValidationError:
        return None


@dataclass(frozen=True)
class TapJudge:
    """Judges entries by what was looked up about them."""

    chains: ChainVerdicts

    def judge(self, entry: OfflineEntry, tap: OfflineTap | None, facts: Facts, kiosk: str, now: datetime) -> Judgement:
        """What to think of an entry that is in its place in this kiosk's journal."""
        if tap is None:
            return Judgement(TapVerdict.REFUSED, MALFORMED)
        holder = facts.holder(tap)
        if holder is None:
            return Judgement(TapVerdict.REFUSED, CardUnknown.code, tap)
        department = facts.departments.get(tap.department)
        allowed = None if department is None else _allowed(facts, department, tap)
        reason = self._forged(tap, entry, holder, kiosk)
        if reason is not None:
            return Judgement(TapVerdict.REFUSED, reason, tap)
        reason = _time_reason(tap, facts, now) or _policy_reason(department, allowed, tap)
        reason = reason or _lock_reason(facts, holder, tap)
        if reason is not None or allowed is None:
            return Judgement(TapVerdict.REFUSED, reason, tap, holder, department)
        card = _stood(facts, holder, _time(tap))
        verdict = TapVerdict.ACCEPTED if card is CardAtTap.IN_FORCE else TapVerdict.CARD_NOT_IN_FORCE
        return Judgement(verdict, None, tap, holder, department, allowed.version, card)

    def _forged(self, tap: OfflineTap, entry: OfflineEntry, holder: Holder, kiosk: str) -> str | None:
        """Why it is not a tap of this card, here."""
        try:
            trusted = self.chains.trusted_key(holder.certificate, KEY, _time(tap))
        except PathError:
            return CertificateRefused.code
        try:
            digest = _statement(tap, entry, kiosk).digest
            trusted.public_key.verify(tap.signature, digest, _PREHASHED_SHA256)
        except InvalidSignature:
            return SignatureInvalid.code
        return None


def _statement(tap: OfflineTap, entry: OfflineEntry, kiosk: str) -> OfflineStatement:
    return OfflineStatement(
        kiosk=kiosk,
        sequence=entry.sequence,
        previous_hash=entry.previous_hash,
        at=tap.at,
        card_uuid=tap.card_uuid,
        department=tap.department,
        service=tap.service,
    )


def _time_reason(tap: OfflineTap, facts: Facts, now: datetime) -> str | None:
    """Why it cannot have been then."""
    if tap.at > (now + CLOCK_SKEW).timestamp():
        return IN_THE_FUTURE
    if tap.at < (now - OLDEST).timestamp():
        return TOO_OLD
    package = facts.packages.get(tap.known_as_of)
    if package is None:
        return PACKAGE_UNKNOWN
    stopped = package.stopped_at is not None and tap.at > package.stopped_at.timestamp()
    return KioskDisabled.code if stopped else None


def _policy_reason(department: Department | None, allowed: _Allowed | None, tap: OfflineTap) -> str | None:
    if department is None or department.caller.disabled_at is not None:
        return DepartmentUnknown.code
    if allowed is None:
        return ServiceNotCovered.code
    fresh = tap.known_as_of <= tap.at <= tap.known_as_of + allowed.terms.max_age_seconds
    return None if fresh else DATA_TOO_OLD


def _allowed(facts: Facts, department: Department, tap: OfflineTap) -> _Allowed | None:
    """What the version said that was in force as of the kiosk's data: of a later one it could not know."""
    policy = facts.policy_at(department, datetime.fromtimestamp(tap.known_as_of + 1, UTC))  # within that second
    rule = None if policy is None else parse_policy(policy.terms).services.get(tap.service)
    return None if policy is None or rule is None or rule.offline is None else _Allowed(policy.version, rule.offline)


def _lock_reason(facts: Facts, holder: Holder, tap: OfflineTap) -> str | None:
    try:
        check_unlocked(facts.locks_at(holder, _time(tap)), department=tap.department, level=Level.TAP)
    except LockedByCitizen as refusal:
        return refusal.code
    return None


def _stood(facts: Facts, holder: Holder, at: datetime) -> CardAtTap:
    """How the card stood at that time, as we know it now."""
    if holder.expires_on is not None and at.date() > holder.expires_on:
        return CardAtTap.EXPIRED
    activated_at = facts.activations.get(holder.card_id)
    if activated_at is not None and at < activated_at.replace(microsecond=0):  # a tap tells no less than seconds
        return CardAtTap.NONE
    changes = facts.changes.get(holder.card_id, ())
    before = [change.kind for change in changes if change.at <= at]
    if before:
        return _AFTER[before[-1]]
    if not changes:
        return _IN_STATE.get(holder.state, CardAtTap.NONE)
    # What came before the first change that is known is not kept for ever, but what can have been is plain.
    return CardAtTap.HELD if changes[0].kind is RevocationKind.RESTORED else CardAtTap.IN_FORCE


def _time(tap: OfflineTap) -> datetime:
    return datetime.fromtimestamp(tap.at, UTC)
