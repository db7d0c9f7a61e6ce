"""How long what is kept: the one place that says so. docs/retention.md is written from this table.

Each rule finds the ids of what is past its time and deletes a handful of them at once. What is not in the table is
kept: the audit log, cards and their certificates, and people as long as they are residents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from cardsvc.approvals.models import Approval
from cardsvc.audit.models import AuditRecord
from cardsvc.authentication.models import IssuedAssertion, Visit
from cardsvc.callers.models import RoleGrant, UsedClientAssertion
from cardsvc.cards.models import Card
from cardsvc.citizens.erasing import APPLICATIONS_OVER, ErasedPerson, forget_person, note_erasure, row_of
from cardsvc.citizens.models import Citizen, Document, Guardianship, PersonVersion
from cardsvc.db import Base
from cardsvc.departments.models import PolicyDraft
from cardsvc.fleet.models import EnrolmentCode, FleetPlan
from cardsvc.idempotency.keeping import KEPT_FOR
from cardsvc.idempotency.models import KeptAnswer
from cardsvc.incidents.models import Incident
from cardsvc.issuance.applications import end_application
from cardsvc.issuance.models import Application, CardSecret, SecretKind, Unblocking
from cardsvc.issuance.repository import get_application
from cardsvc.offline.models import OfflinePackage, OfflineTap
from cardsvc.reach.models import Revocation, RevocationAcknowledgement
from cardsvc.retention import feeds
from cardsvc.sealed.models import SealedBatch, SealedEntry
from cardsvc.wire.lifecycle import ApplicationState, CardState

ACTOR: Final = "retention"
"""Who did it, in records and histories."""
_AWAITING_TRANSPORT_PIN: Final = frozenset(
    {CardState.RESERVED, CardState.PERSONALISING, CardState.SEALED, CardState.DELIVERED}
)


@dataclass(frozen=True, slots=True)
class Deed:
    """When a run takes place, and where people who were erased are listed."""

    now: datetime
    erasures_file: Path


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one kind of thing is kept."""

    name: str
    what: str
    keep: timedelta
    since: str
    """From when the time counts, in words."""
    why: str
    find: Callable[[datetime], Select[Any]]
    """The ids of what is past its time, given the latest moment that is."""
    end: Callable[[Session, Sequence[UUID], Deed], None]


def _deleting(table: type[Base], key: Any) -> Callable[[Session, Sequence[UUID], Deed], None]:
    def end(session: Session, ids: Sequence[UUID], _deed: Deed) -> None:
        session.execute(delete(table).where(key.in_(ids)).execution_options(synchronize_session=False))

    return end


def _client_assertions(before: datetime) -> Select[Any]:
    return select(UsedClientAssertion.id).where(UsedClientAssertion.expires_at < before)


def _kept_answers(before: datetime) -> Select[Any]:
    return select(KeptAnswer.id).where(KeptAnswer.kept_at < before)


def _issued_assertions(before: datetime) -> Select[Any]:
    return select(IssuedAssertion.jti).where(IssuedAssertion.expires_at < before)


def _visits(before: datetime) -> Select[Any]:
    told = select(IssuedAssertion.visit_id)
    return select(Visit.id).where(or_(Visit.ended_at < before, Visit.expires_at < before), Visit.id.not_in(told))


def _transport_pins(before: datetime) -> Select[Any]:
    waiting = select(Card.id).where(Card.state.in_(_AWAITING_TRANSPORT_PIN))
    return select(CardSecret.id).where(
        CardSecret.kind == SecretKind.TRANSPORT_PIN, CardSecret.created_at < before, CardSecret.card_id.not_in(waiting)
    )


def _drafts(before: datetime) -> Select[Any]:
    return select(Application.id).where(Application.state == ApplicationState.DRAFT, _settled_before(before))


def _cancel_drafts(session: Session, ids: Sequence[UUID], deed: Deed) -> None:
    for application_id in ids:
        application = get_application(session, application_id, to_change=True)
        if application.state is ApplicationState.DRAFT:
            end_application(session, application, "abandoned", actor=ACTOR, now=deed.now)


def _documents(before: datetime) -> Select[Any]:
    over = select(Application.id).where(Application.state.in_(APPLICATIONS_OVER), _settled_before(before))
    return select(Document.id).where(Document.application_id.in_(over))


def _applicants(before: datetime) -> Select[Any]:
    with_card = select(Card.citizen_id).where(Card.citizen_id.is_not(None))
    kept = select(Application.citizen_id).where(
        or_(Application.state.not_in(APPLICATIONS_OVER), ~_settled_before(before), Application.card_id.is_not(None))
    )
    return select(Citizen.id).where(
        Citizen.wrapped_key.is_not(None),
        Citizen.created_at < before,
        Citizen.id.not_in(with_card),
        Citizen.id.not_in(kept),
        Citizen.id.not_in(select(Application.guardian_id).where(Application.guardian_id.is_not(None))),
        Citizen.id.not_in(select(Guardianship.guardian_id).where(Guardianship.until.is_(None))),
    )


def _erase_applicants(session: Session, ids: Sequence[UUID], deed: Deed) -> None:
    rows = session.scalars(select(Citizen).where(Citizen.id.in_(ids)).order_by(Citizen.id).with_for_update()).all()
    # Only now does nobody write an application for them any more; somebody may have until now.
    due = set(session.scalars(_applicants(deed.now - _DAYS_180).where(Citizen.id.in_(ids))))
    for citizen in (row for row in rows if row.id in due):
        erased = ErasedPerson(citizen.id, deed.now, ACTOR, ACTOR)
        forget_person(session, citizen)
        session.add(row_of(erased))
        note_erasure(deed.erasures_file, erased)


def _versions(before: datetime) -> Select[Any]:
    return select(PersonVersion.id).where(PersonVersion.until < before)


def _approvals(before: datetime) -> Select[Any]:
    used = select(Unblocking.approval_id)
    return select(Approval.id).where(Approval.expires_at < before, Approval.id.not_in(used))


def _role_grants(before: datetime) -> Select[Any]:
    return select(RoleGrant.id).where(RoleGrant.granted_at.is_(None), RoleGrant.requested_at < before)


def _plan_drafts(before: datetime) -> Select[Any]:
    return select(FleetPlan.id).where(FleetPlan.version.is_(None), FleetPlan.drafted_at < before)


def _enrolment_codes(before: datetime) -> Select[Any]:
    return select(EnrolmentCode.id).where(EnrolmentCode.expires_at < before)


def _policy_drafts(before: datetime) -> Select[Any]:
    return select(PolicyDraft.id).where(PolicyDraft.published_version.is_(None), PolicyDraft.drafted_at < before)


def _delete_events(session: Session, ids: Sequence[UUID], _deed: Deed) -> None:
    feeds.delete_events(session, ids)


def _incidents(before: datetime) -> Select[Any]:
    return select(Incident.id).where(Incident.closed_at < before)


def _sealed_batches(before: datetime) -> Select[Any]:
    return select(SealedBatch.id).where(SealedBatch.published_at < before, SealedBatch.swept_at.is_not(None))


def _forget_batches(session: Session, ids: Sequence[UUID], _deed: Deed) -> None:
    session.execute(delete(SealedEntry).where(SealedEntry.batch_id.in_(ids)))
    session.execute(delete(SealedBatch).where(SealedBatch.id.in_(ids)))


def _settled_before(before: datetime) -> ColumnElement[bool]:
    """Whether nothing has happened to an application since."""
    last = select(func.max(AuditRecord.at)).where(AuditRecord.subject_id == Application.id).scalar_subquery()
    return func.coalesce(last, Application.created_at) < before


_DAYS_30, _DAYS_90, _DAYS_180 = timedelta(days=30), timedelta(days=90), timedelta(days=180)
_YEAR: Final = timedelta(days=365)

_TAPS_OVER: Final = timedelta(days=94)
"""A tap is taken for 90 days, and was at most three after its package."""

RULES: Final = (
    Rule(
        "client-assertions",
        "That a client assertion was used",
        timedelta(minutes=1),
        "its expiry",
        "A replay is refused for its expiry from then on.",
        _client_assertions,
        _deleting(UsedClientAssertion, UsedClientAssertion.id),
    ),
    Rule(
        "kept-answers",
        "Answers to requests with an Idempotency-Key",
        KEPT_FOR,
        "the request",
        "Whoever heard no answer has asked again by then.",
        _kept_answers,
        _deleting(KeptAnswer, KeptAnswer.id),
    ),
    Rule(
        "issued-assertions",
        "Which department got an assertion about whom",
        _DAYS_90,
        "its expiry",
        "Departments may ask back; the audit log has it for good, without the tie to the visit.",
        _issued_assertions,
        _deleting(IssuedAssertion, IssuedAssertion.jti),
    ),
    Rule(
        "visits",
        "Visits at kiosks",
        _DAYS_90,
        "their end, once no assertion of theirs is kept",
        "As long as the assertions made from them.",
        _visits,
        _deleting(Visit, Visit.id),
    ),
    Rule(
        "transport-pins",
        "Transport PINs of cards that do not wait for their holder any more",
        timedelta(days=7),
        "the day they were drawn",
        "The holder has chosen another PIN, or the card is out of use.",
        _transport_pins,
        _deleting(CardSecret, CardSecret.id),
    ),
    Rule(
        "drafts",
        "Drafts of applications (they are cancelled)",
        _DAYS_30,
        "the last change",
        "Nobody has submitted them.",
        _drafts,
        _cancel_drafts,
    ),
    Rule(
        "documents",
        "Scanned documents of applications that are over",
        _DAYS_180,
        "the end of the application",
        "The time to object is over.",
        _documents,
        _deleting(Document, Document.id),
    ),
    Rule(
        "applicants",
        "People who never got a card and act for nobody (they are erased, and listed as erased)",
        _DAYS_180,
        "the end of their last application",
        "There is nothing to keep their data for.",
        _applicants,
        _erase_applicants,
    ),
    Rule(
        "person-versions",
        "What was known about people before a correction",
        5 * _YEAR,
        "the correction",
        "Whoever shows an old document is recognised for so long.",
        _versions,
        _deleting(PersonVersion, PersonVersion.id),
    ),
    Rule(
        "approvals",
        "Approvals that are over, with the reasons given for them",
        2 * _YEAR,
        "their expiry",
        "Who asked and who approved stays in the audit log; those that unblocked a card stay with the card.",
        _approvals,
        _deleting(Approval, Approval.id),
    ),
    Rule(
        "role-grants",
        "Roles that were asked for and never given",
        _DAYS_30,
        "the request",
        "The approval for them has expired.",
        _role_grants,
        _deleting(RoleGrant, RoleGrant.id),
    ),
    Rule(
        "sealed-batches",
        "The sealed entries of a day, dummies among them",
        3 * _YEAR,
        "their publication",
        "All were released a year before; that stays in the audit log, and so do the commitments.",
        _sealed_batches,
        _forget_batches,
    ),
    Rule(
        "policy-drafts",
        "Policies that were drafted and never published",
        _DAYS_30,
        "the draft",
        "The approval for them has expired.",
        _policy_drafts,
        _deleting(PolicyDraft, PolicyDraft.id),
    ),
    Rule(
        "fleet-plan-drafts",
        "Plans for kiosks that were drafted and never published",
        _DAYS_30,
        "the draft",
        "The approval for them has expired.",
        _plan_drafts,
        _deleting(FleetPlan, FleetPlan.id),
    ),
    Rule(
        "enrolment-codes",
        "Digests of the codes with which kiosks are enrolled",
        _DAYS_30,
        "their expiry",
        "Whoever types an old code is told so; who had it made, and which key came with it, stays in the audit log.",
        _enrolment_codes,
        _deleting(EnrolmentCode, EnrolmentCode.id),
    ),
    Rule(
        "department-events",
        "What departments were told about people they know, and each attempt to deliver it; not the newest of each",
        _DAYS_90,
        "what happened",
        "A department that was out of order for longer asks how its people's cards stand.",
        feeds.old_events,
        _delete_events,
    ),
    Rule(
        "revocations",
        "Which cards kiosks were told to turn away; not the newest, nor those of events that are kept",
        _DAYS_90,
        "the revocation",
        "A kiosk that was out of order for longer fetches the status lists.",
        feeds.old_revocations,
        _deleting(Revocation, Revocation.id),
    ),
    Rule(
        "acknowledgements",
        "When a kiosk took note of revocations; not the newest of each",
        _DAYS_90,
        "the acknowledgement",
        "The revocations that they are about are gone, too.",
        feeds.old_acknowledgements,
        _deleting(RevocationAcknowledgement, RevocationAcknowledgement.id),
    ),
    Rule(
        "offline-taps",
        "What kiosks brought back that they took without a network; not the newest of each",
        _DAYS_90,
        "the day the service took it",
        "The kiosk has passed it on long since; that it was taken stays in the audit log.",
        feeds.old_taps,
        _deleting(OfflineTap, OfflineTap.id),
    ),
    Rule(
        "offline-packages",
        "Which packages for the time without a network each kiosk was given; a replaced one goes after six hours",
        _TAPS_OVER,
        "the day of the package",
        "No tap that could name it is young enough to be taken.",
        feeds.old_packages,
        _deleting(OfflinePackage, OfflinePackage.id),
    ),
    Rule(
        "incidents",
        "Incidents that departments reported, in their words",
        5 * _YEAR,
        "the day they were closed",
        "That there was one, and whom it may have affected, stays in the audit log.",
        _incidents,
        _deleting(Incident, Incident.id),
    ),
)
"""In this order: an assertion before its visit, a draft before its documents, those before the person, an event before
its revocation."""
