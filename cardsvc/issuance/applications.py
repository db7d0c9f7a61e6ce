"""An application's way from enrolment to a card that is reserved for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.approvals.errors import SamePerson
from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import record_change
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import may_be_one
from cardsvc.cards.ending import revoke_card
from cardsvc.cards.holding import hold
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_stock_card
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import enrol, get_citizen, open_person
from cardsvc.db import new_id
from cardsvc.issuance.errors import ApplicationOpen, ConsentNeeded, NotADraft
from cardsvc.issuance.grounds import Request, ground, lock_cards, temporary_ids
from cardsvc.issuance.models import Application
from cardsvc.issuance.recording import record_application
from cardsvc.issuance.repository import find_open_application, get_application, submitters_of
from cardsvc.issuance.rules import RULES, Rules
from cardsvc.issuance.withdrawing import withdraw
from cardsvc.registry.repository import require_alive
from cardsvc.transitions import ChangedMeanwhile, check_application, move_application, move_card
from cardsvc.trust.certificates import revoke_all
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    CardState,
    DraftChange,
    HoldReason,
    Person,
    ReplacementCause,
    RevocationReason,
)

_HOLDS: Final[Mapping[ApplicationKind, HoldReason]] = {
    ApplicationKind.REPLACEMENT: HoldReason.REPLACEMENT,
    ApplicationKind.TEMPORARY: HoldReason.TEMPORARY,
}
"""The kinds that hold the old card from their submission on."""


def create(
    session: Session,
    keystore: Keystore,
    person: Person,
    *,
    actor: Principal,
    now: datetime,
    appointment: str | None = None,
) -> Application:
    """Enrol a person and ask for their first card. Raises what `enrol` and `apply` raise."""
    citizen = enrol(session, keystore, person, now)
    return apply(session, citizen.id, ApplicationKind.FIRST, actor=actor, now=now, appointment=appointment)


def apply(
    session: Session,
    citizen_id: UUID,
    kind: ApplicationKind,
    cause: ReplacementCause | None = None,
    *,
    actor: Principal,
    now: datetime,
    appointment: str | None = None,
    rules: Rules = RULES,
) -> Application:
    """Ask for a card for somebody who is enrolled.

    Raises CitizenNotFound, RecipientDecides, RegistryEventStands, ApplicationOpen, and what `ground` raises.
    """
    get_citizen(session, citizen_id)
    require_not_recipient(session, actor.client_id, citizen_id)
    require_alive(session, citizen_id)
    earlier = find_open_application(session, citizen_id)
    if earlier is not None:
        raise ApplicationOpen(str(earlier.id))
    old = _ground(session, citizen_id, kind, cause, rules=rules, now=now)
    application = Application(
        id=new_id(),
        citizen_id=citizen_id,
        state=ApplicationState.DRAFT,
        kind=kind,
        cause=cause,
        replaces_id=None if old is None else old.id,
        appointment=appointment,
        requested_by=actor.client_id,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(application)
    except IntegrityError:  # the unique index of open applications: a colleague was faster
        raise ApplicationOpen from None
    record_change(session, application.id, application.state, actor=actor.client_id, now=now)
    record_application(session, "application.create", application, actor, now, kind=kind.value)
    return application


def view(session: Session, application_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """Look at an application. It shows personal data, so the look is recorded. Raises ApplicationNotFound."""
    application = get_application(session, application_id)
    record_application(session, "application.view", application, actor, now)
    return application


def change_draft(
    session: Session,
    application_id: UUID,
    change: DraftChange,
    *,
    actor: Principal,
    now: datetime,
    rules: Rules = RULES,
) -> Application:
    """Correct a draft. What is known of the person is corrected with the person.

    Raises ApplicationNotFound, NotADraft, RecipientDecides, and what `ground` raises.
    """
    application = get_application(session, application_id, to_change=True)
    if application.state is not ApplicationState.DRAFT:
        raise NotADraft(application.state)
    require_not_recipient(session, actor.client_id, application.citizen_id)
    if change.appointment is not None:
        application.appointment = change.appointment
    if change.cause is not None and application.kind is ApplicationKind.REPLACEMENT:
        old = _ground(session, application.citizen_id, application.kind, change.cause, rules=rules, now=now)
        application.cause, application.replaces_id = change.cause, None if old is None else old.id
    record_application(session, "application.change", application, actor, now)
    return application


def submit(
    session: Session,
    keystore: Keystore,
    application_id: UUID,
    *,
    actor: Principal,
    now: datetime,
    rules: Rules = RULES,
) -> Application:
    """Lay it before a colleague. A card that is to be replaced, or was forgotten, is held from now on.

    Raises ApplicationNotFound, RecipientDecides, RegistryEventStands, ConsentNeeded, TransitionRefused,
    ChangedMeanwhile, and what `ground` raises: the card may have changed since.
    """
    application = get_application(session, application_id)
    check_application(application.state, ApplicationState.SUBMITTED)
    _require_fit(session, application, actor)
    if application.consent is None and _needs_consent(session, keystore, application, rules, now):
        raise ConsentNeeded
    old = _ground(session, application.citizen_id, application.kind, application.cause, rules=rules, now=now)
    move_application(
        session,
        application,
        ApplicationState.SUBMITTED,
        actor=actor.client_id,
        now=now,
        replaces_id=None if old is None else old.id,
    )
    if old is not None and application.kind in _HOLDS and old.state is CardState.ACTIVE:
        reason = _HOLDS[application.kind]
        hold(session, old, reason, held_for=application.id, actor=actor.client_id, now=now)
    record_application(session, "application.submit", application, actor, now)
    return application


def approve(session: Session, application_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """Say yes.

    Raises ApplicationNotFound, SamePerson, RecipientDecides, RegistryEventStands, TransitionRefused, ChangedMeanwhile.
    """
    application = get_application(session, application_id)
    # Both are needed: else whoever wrote it could have a colleague's submission approved by themselves.
    applied = (application.requested_by, *submitters_of(session, application.id))
    if any(may_be_one(session, actor.client_id, other) for other in applied):
        raise SamePerson
    _require_fit(session, application, actor)
    require_not_recipient(session, actor.client_id, application.guardian_id)
    move_application(
        session,
        application,
        ApplicationState.APPROVED,
        actor=actor.client_id,
        now=now,
        approved_by=actor.client_id,
    )
    record_application(session, "application.approve", application, actor, now)
    return application


def reject(session: Session, application_id: UUID, reason: str, *, actor: Principal, now: datetime) -> Application:
    """Say no; what the application held is restored. Raises as `cancel` does."""
    application = get_application(session, application_id)
    require_not_recipient(session, actor.client_id, application.citizen_id)
    _lock_old(session, application)
    withdraw(session, application, ApplicationState.REJECTED, actor=actor.client_id, now=now, reason=reason)
    record_application(session, "application.reject", application, actor, now)
    return application


def cancel(session: Session, application_id: UUID, reason: str, *, actor: Principal, now: datetime) -> Application:
    """Give it up, at any time before its card is active; a draft is discarded with it.

    A card that was reserved goes back to stock, one that was begun is put aside, one that is finished is revoked; a
    card that the application held is in force again. Raises ApplicationNotFound, RecipientDecides, TransitionRefused,
    ChangedMeanwhile.
    """
    application = get_application(session, application_id)
    require_not_recipient(session, actor.client_id, application.citizen_id)
    check_application(application.state, ApplicationState.CANCELLED)
    _lock_old(session, application)
    end_application(session, application, reason, actor=actor.client_id, now=now)
    record_application(session, "application.cancel", application, actor, now)
    return application


def end_application(session: Session, application: Application, reason: str, *, actor: str, now: datetime) -> None:
    """Cancel an open application and settle its card. Raises TransitionRefused, ChangedMeanwhile."""
    card = _lock_card(session, application)
    if card is not None and card.state in {CardState.SEALED, CardState.DELIVERED}:
        revoke_card(session, card, RevocationReason.SUPERSEDED, actor=actor, now=now, note=reason)
        return  # which cancelled the application too
    if card is not None and card.state is CardState.RESERVED:
        move_card(session, card, CardState.STOCK, actor=actor, now=now, citizen_id=None, expires_on=None)
        application.card_id = None
        session.flush()
    if card is not None and card.state is CardState.PERSONALISING:
        # Whoever writes it now finds that out before the next write (`journal`).
        move_card(session, card, CardState.QUARANTINED, actor=actor, now=now, reason=reason)
        revoke_all(session, card.id, x509.ReasonFlags.cessation_of_operation, now)
    withdraw(session, application, ApplicationState.CANCELLED, actor=actor, now=now, reason=reason)


def _lock_card(session: Session, application: Application) -> Card | None:
    """The card that is reserved for it, or was made. Raises ChangedMeanwhile when that is another one by now.

    Its state alone would not tell: the card may have been given back, to be somebody else's now, and another reserved.
    """
    seen = application.card_id
    if seen is None:
        return None
    card = session.get_one(Card, seen, with_for_update=True)
    session.refresh(application, with_for_update=True)
    if application.card_id != seen:
        raise ChangedMeanwhile("application")
    return card


def reserve_card(
    session: Session,
    application_id: UUID,
    stock_number: str,
    *,
    actor: Principal,
    now: datetime,
    rules: Rules = RULES,
) -> Card:
    """Reserve a blank card for an approved application.

    Raises ApplicationNotFound, RecipientDecides, RegistryEventStands, CardNotFound, TransitionRefused (of either),
    ChangedMeanwhile.
    """
    application = get_application(session, application_id)
    _require_fit(session, application, actor)
    card = get_stock_card(session, stock_number)
    move_card(
        session,
        card,
        CardState.RESERVED,
        actor=actor.client_id,
        now=now,
        citizen_id=application.citizen_id,
        expires_on=rules.last_day(application.kind, now.date()),
    )
    move_application(
        session, application, ApplicationState.PERSONALISING, actor=actor.client_id, now=now, card_id=card.id
    )
    record_application(session, "card.reserve", application, actor, now, card_id=card.id)
    return card


def _ground(
    session: Session,
    citizen_id: UUID,
    kind: ApplicationKind,
    cause: ReplacementCause | None,
    *,
    rules: Rules,
    now: datetime,
) -> Card | None:
    temporary = temporary_ids(session, citizen_id)
    cards = [card for card in lock_cards(session, citizen_id) if card.id not in temporary]
    return ground(Request(session, kind, cause, citizen_id, cards, rules, now))


def _lock_old(session: Session, application: Application) -> None:
    """Cards are locked first, everywhere."""
    if application.replaces_id is not None:
        lock_cards(session, application.citizen_id)


def _require_fit(session: Session, application: Application, actor: Principal) -> None:
    require_not_recipient(session, actor.client_id, application.citizen_id)
    require_alive(session, application.citizen_id)


def _needs_consent(session: Session, keystore: Keystore, application: Application, rules: Rules, now: datetime) -> bool:
    person = open_person(keystore, session.get_one(Citizen, application.citizen_id))
    return rules.needs_consent(person.birth_date, now.date())
