"""Setting right what is known about a person. What was known before is kept, sealed, as long as the person is."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.citizens import blind_index
from cardsvc.citizens.errors import ApplicationUnderWay, NothingToCorrect, PersonEnrolled
from cardsvc.citizens.models import Citizen, PersonVersion
from cardsvc.citizens.records import describe
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import find_by_document, get_citizen, open_data_key, seal_person, unseal_person
from cardsvc.db import new_id
from cardsvc.issuance.models import Application
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import people as wire
from cardsvc.wire.lifecycle import ApplicationState, Person

ON_THE_CARD: Final = frozenset({"name", "name_latin"})
"""Who has a card with something else on it needs another one."""
_WHO: Final = frozenset(Person.model_fields) - {"district"}
"""What says who somebody is: that is what a colleague approves a card for."""
_JUDGED: Final = (ApplicationState.SUBMITTED, ApplicationState.APPROVED, ApplicationState.PERSONALISING)
"""From when a colleague may have looked at an application until its card is made."""


def correct(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    request: wire.CorrectionRequest,
    *,
    actor: Principal,
    now: datetime,
) -> wire.CorrectedPerson:
    """Change what is known; the audit log says which members, not to what.

    Raises CitizenNotFound, RecipientDecides, PersonErased, NothingToCorrect, ApplicationUnderWay, PersonEnrolled (the
    document number is another's).
    """
    citizen = get_citizen(session, citizen_id, to_change=True)
    require_not_recipient(session, actor.client_id, citizen.id)
    data_key = open_data_key(keystore, citizen)
    before = unseal_person(data_key, citizen.id, citizen.sealed_person)
    after = before.model_copy(update=request.changes())
    changed = [name for name in Person.model_fields if getattr(before, name) != getattr(after, name)]
    if not changed:
        raise NothingToCorrect
    if not _WHO.isdisjoint(changed):
        _require_not_judged(session, citizen.id)
    _keep_version(session, citizen, request.cause, actor, now)
    citizen.sealed_person = seal_person(data_key, citizen.id, after)
    _claim_document(session, keystore, citizen, after.document_number)
    blind_index.index(session, keystore, citizen, after)
    record(
        session,
        event="person.correct",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen.id,
        cause=request.cause.value,
        changed=changed,
        **reference_of(wire.Occasion(purpose=wire.Purpose.CORRECTION, reference=request.reference)),
    )
    return wire.CorrectedPerson(
        record=describe(session, keystore, citizen), changed=changed, card_needed=not ON_THE_CARD.isdisjoint(changed)
    )


def earlier_versions(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    occasion: wire.Occasion,
    *,
    actor: Principal,
    now: datetime,
) -> wire.PersonVersions:
    """What was known before each correction; the look is on record. Raises CitizenNotFound, PersonErased."""
    citizen = get_citizen(session, citizen_id)
    data_key = open_data_key(keystore, citizen)
    rows = session.scalars(
        select(PersonVersion).where(PersonVersion.citizen_id == citizen.id).order_by(PersonVersion.version)
    )
    versions = [
        wire.PersonVersion(
            person=unseal_person(data_key, citizen.id, row.sealed_person),
            until=row.until,
            corrected_by=row.corrected_by,
            cause=wire.CorrectionCause(row.cause),
        )
        for row in rows
    ]
    record(
        session,
        event="person.open-versions",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen.id,
        purpose=occasion.purpose.value,
        **reference_of(occasion),
    )
    return wire.PersonVersions(versions=versions)


def _require_not_judged(session: Session, citizen_id: UUID) -> None:
    """Whoever could rename a person after the approval could have a card made for anybody, alone."""
    statement = select(Application.id).where(Application.citizen_id == citizen_id, Application.state.in_(_JUDGED))
    application_id = session.scalar(statement)
    if application_id is not None:
        raise ApplicationUnderWay(application_id)


def _keep_version(
    session: Session, citizen: Citizen, cause: wire.CorrectionCause, actor: Principal, now: datetime
) -> None:
    latest = select(func.max(PersonVersion.version)).where(PersonVersion.citizen_id == citizen.id)
    session.add(
        PersonVersion(
            id=new_id(),
            citizen_id=citizen.id,
            version=(session.scalar(latest) or 0) + 1,
            sealed_person=citizen.sealed_person,
            until=now,
            corrected_by=actor.client_id,
            cause=cause.value,
        )
    )


def _claim_document(session: Session, keystore: Keystore, citizen: Citizen, document_number: str) -> None:
    other = find_by_document(session, keystore, document_number)
    if other is not None and other.id != citizen.id:
        raise PersonEnrolled(other.id, ["document_number"])
    try:
        with session.begin_nested():
            citizen.document_token = blind_index.document_token(keystore, document_number)
    except IntegrityError:  # somebody else was given it this moment
        raise PersonEnrolled(None, ["document_number"]) from None
