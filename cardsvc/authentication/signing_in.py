"""Officers sign in at a desk with their own card: its visit, begun with the PIN, is exchanged for an access token.

The token is the officer's, with their scopes, and bound to the desk's certificate where it shows one. It is good
for as long as a visit may be idle, so a desk that is cut off has nothing soon; and it is refused at once when the desk
says that the card was taken out, when the card is held or revoked, when officer or desk are put out, and when the
officer has another key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import CardNotActive, CardOfNoOfficer, SignInElsewhere, StepUpRequired
from cardsvc.authentication.models import Visit
from cardsvc.authentication.visits import VisitTimes, open_visit
from cardsvc.callers.access_tokens import AccessTokens
from cardsvc.callers.errors import ScopeNotAllowed
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import CardSession, Principal, principal_of
from cardsvc.cards.models import Card
from cardsvc.errors import ServiceError
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.scopes import Scope

EVENT: Final = "officer.sign-in"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An officer's access token, what it is good for, and for how many seconds."""

    token: str = field(repr=False)
    scopes: frozenset[str]
    expires_in: int


@dataclass(frozen=True)
class SignIns:
    """Exchanges visits of officers for access tokens (RFC 8693)."""

    tokens: AccessTokens
    visit_times: VisitTimes
    longest: timedelta
    """That an access token of anybody is good for."""

    def exchange(
        self,
        session: Session,
        visit_token: str,
        wanted: frozenset[str],
        *,
        actor: Principal,
        now: datetime,
        certificate: str | None = None,
    ) -> SignedIn | ServiceError:
        """A token with the scopes that are wanted, all if none are; recorded in either case.

        A refusal is given back, not raised, so that its record is committed. It is a SignInElsewhere, a VisitRefused, a
        StepUpRequired, a CardNotActive, a CardOfNoOfficer, a ScopeNotAllowed or a LockedByCitizen.
        """
        try:
            visit = _open(session, visit_token, actor, now, self.visit_times)
        except ServiceError as refusal:
            _record(session, refusal, refusal.code, actor=actor, now=now)
            return refusal
        try:
            officer = _officer_with(session, visit)
            scopes = _allowed(officer, wanted)
        except ServiceError as refusal:
            _record(session, visit, refusal.code, actor=actor, now=now)
            return refusal
        visit.last_used_at = now
        _record(session, visit, OK, actor=actor, now=now, officer=officer.client_id)
        return self._issue(visit, officer, scopes, actor=actor, now=now, certificate=certificate)

    def _issue(
        self,
        visit: Visit,
        officer: Caller,
        scopes: frozenset[Scope],
        *,
        actor: Principal,
        now: datetime,
        certificate: str | None,
    ) -> SignedIn:
        lifetime = min(self.longest, self.visit_times.idle, visit.expires_at - now)
        there = CardSession(actor.client_id, visit.id)
        holder = principal_of(officer, scopes, key=actor.key_thumbprint, by_card=there)
        token = self.tokens.issue(holder, scopes, now=now, lifetime=lifetime, certificate=certificate)
        return SignedIn(token, scopes, int(lifetime.total_seconds()))


def _open(session: Session, token: str, actor: Principal, now: datetime, times: VisitTimes) -> Visit:
    if actor.kind is not CallerKind.DESK:
        raise SignInElsewhere
    return open_visit(session, token, actor=actor, now=now, times=times)


def _officer_with(session: Session, visit: Visit) -> Caller:
    """The officer who is this resident. The row is not locked: whether it is still so is asked with each request."""
    if visit.level < Level.PIN:
        raise StepUpRequired(Level.PIN)
    card = session.get_one(Card, visit.card_id)  # locked by `open_visit`
    if card.state is not CardState.ACTIVE:
        raise CardNotActive(card.state)
    theirs = select(Caller).where(
        Caller.citizen_id == visit.citizen_id,
        Caller.kind == CallerKind.OFFICER,
        Caller.card_confirmed_at.is_not(None),
        Caller.disabled_at.is_(None),
    )
    officers = session.scalars(theirs).all()
    if len(officers) != 1:  # with two names, which one is meant would be for the desk to say
        raise CardOfNoOfficer
    return officers[0]


def _allowed(officer: Caller, wanted: frozenset[str]) -> frozenset[Scope]:
    held = principal_of(officer).scopes
    if wanted - held:
        raise ScopeNotAllowed(wanted - held)
    return held & wanted if wanted else held


def _record(
    session: Session, about: Visit | ServiceError, outcome: str, *, actor: Principal, now: datetime, **detail: Any
) -> None:
    record(
        session,
        event=EVENT,
        outcome=outcome,
        actor=actor.client_id,
        now=now,
        citizen_id=about.citizen_id,
        card_id=about.card_id,
        **detail,
    )
