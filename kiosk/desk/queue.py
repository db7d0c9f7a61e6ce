"""The queue: applications that are open and approvals that were asked for, who waits for whom, and what one may do.

What is offered follows from the state and the officer's permits; the card service decides.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval, ApprovalState
from cardsvc.wire.lifecycle import Application, ApplicationState, ApplicationSummary
from cardsvc.wire.people import Document, Guardian, PersonRecord, Purpose
from cardsvc.wire.scopes import Scope
from kiosk.desk.intents import Intent, means
from kiosk.desk.on_duty import OnDuty


class Act(StrEnum):
    """What is done about a matter in the queue."""

    SUBMIT = "submit"
    CONSENT = "consent"
    ISSUE = "issue"
    """Goes on at another page."""
    APPROVE = "approve"
    COLLEAGUE = "colleague"
    """A colleague approves it at this desk, with their own card and PIN."""
    REJECT = "reject"
    CANCEL = "cancel"
    GRANT = "grant"
    REFUSE = "refuse"
    TAKE_BACK = "take-back"


WITH_REASON: Final = frozenset({Act.REJECT, Act.CANCEL, Act.REFUSE, Act.TAKE_BACK})
"""The colleague whom it concerns is told why."""


class WaitsFor(StrEnum):
    """Who has the next step."""

    SUBMITTER = "submitter"
    APPROVER = "approver"
    """Any colleague who may, except those who wrote it."""
    ISSUER = "issuer"
    HOLDER = "holder"
    ASKER = "asker"
    """Whoever asked for it may use it now."""


@dataclass(frozen=True, slots=True)
class _Stage:
    waits_for: WaitsFor
    acts: tuple[tuple[Act, Scope], ...]


_CANCEL: Final = (Act.CANCEL, Scope.APPLICATIONS_WRITE)
_ISSUE: Final = (Act.ISSUE, Scope.CARDS_PERSONALISE)
_STAGES: Final[Mapping[ApplicationState, _Stage]] = {
    ApplicationState.DRAFT: _Stage(
        WaitsFor.SUBMITTER,
        ((Act.SUBMIT, Scope.APPLICATIONS_WRITE), (Act.CONSENT, Scope.APPLICATIONS_WRITE), _CANCEL),
    ),
    ApplicationState.SUBMITTED: _Stage(
        WaitsFor.APPROVER,
        (
            (Act.APPROVE, Scope.APPLICATIONS_APPROVE),
            (Act.COLLEAGUE, Scope.APPLICATIONS_WRITE),
            (Act.REJECT, Scope.APPLICATIONS_APPROVE),
            _CANCEL,
        ),
    ),
    ApplicationState.APPROVED: _Stage(WaitsFor.ISSUER, (_ISSUE, _CANCEL)),
    ApplicationState.PERSONALISING: _Stage(WaitsFor.ISSUER, (_ISSUE, _CANCEL)),
    ApplicationState.PRODUCED: _Stage(WaitsFor.HOLDER, (_ISSUE, _CANCEL)),
}


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of the queue."""

    subject: ApplicationSummary | Approval

    @property
    def id(self) -> UUID:
        """Of the application, or of the approval."""
        return self.subject.id

    @property
    def whose(self) -> str:
        """The officer who sees to it, or asked for it."""
        return self.subject.responsible if isinstance(self.subject, ApplicationSummary) else self.subject.requested_by

    @property
    def since(self) -> datetime:
        """When it began."""
        return self.subject.created_at if isinstance(self.subject, ApplicationSummary) else self.subject.requested_at

    @property
    def appointment(self) -> str:
        """Its number, by which whoever comes to the desk finds their line: a queue has no names."""
        return (isinstance(self.subject, ApplicationSummary) and self.subject.appointment) or ""

    @property
    def waits_for(self) -> WaitsFor:
        """Who has the next step."""
        if isinstance(self.subject, ApplicationSummary):
            return _STAGES[self.subject.state].waits_for
        return WaitsFor.APPROVER if self.subject.state is ApprovalState.REQUESTED else WaitsFor.ASKER


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of the queue is looked at."""

    states: frozenset[ApplicationState] = frozenset(_STAGES)
    approvals: bool = True
    mine: bool = False

    def lets(self, matter: Matter, officer: str) -> bool:
        """Whether it is part of it."""
        if self.mine and matter.whose != officer:
            return False
        return matter.subject.state in self.states if isinstance(matter.subject, ApplicationSummary) else self.approvals


def waiting(on_duty: OnDuty) -> list[Matter]:
    """All that is open, oldest first, as far as the officer may see it. Raises ServiceProblem, ServiceUnreachable."""
    found: list[ApplicationSummary | Approval] = []
    if on_duty.may(Scope.APPLICATIONS_WRITE) or on_duty.may(Scope.APPLICATIONS_APPROVE):
        found += on_duty.service.applications()
    if on_duty.may(Scope.APPROVALS_REQUEST) or on_duty.may(Scope.APPROVALS_DECIDE):
        found += on_duty.service.approvals()
    return sorted((Matter(subject) for subject in found), key=lambda matter: matter.since)


def shown(matters: Iterable[Matter], part: Shown, officer: str) -> list[Matter]:
    """That part, in the same order."""
    return [matter for matter in matters if part.lets(matter, officer)]


def acts_on(subject: Application | Approval, on_duty: OnDuty) -> tuple[Act, ...]:
    """What the officer may do about it, as far as can be told here: nobody approves what they wrote."""
    own = subject.requested_by == on_duty.standing.client_id
    if isinstance(subject, Approval):
        return _acts_on_approval(subject, on_duty, own=own)
    stage = _STAGES.get(subject.state)
    offered = () if stage is None else stage.acts
    return tuple(act for act, permit in offered if on_duty.may(permit) and not (own and act is Act.APPROVE))


def _acts_on_approval(approval: Approval, on_duty: OnDuty, *, own: bool) -> tuple[Act, ...]:
    if approval.state is not ApprovalState.REQUESTED:
        return ()
    if own:
        return (Act.TAKE_BACK,)
    return (Act.GRANT, Act.REFUSE) if on_duty.may(Scope.APPROVALS_DECIDE) else ()


@dataclass(frozen=True, slots=True)
class Opened:
    """An application and what goes with it."""

    application: Application
    documents: list[Document]


def open_application(service: ServiceClient, application_id: UUID) -> Opened:
    """Look at it; the look goes on record. Raises ServiceProblem, ServiceUnreachable."""
    return Opened(service.application(application_id), list(service.documents(application_id)))


def guardians_of(service: ServiceClient, application: Application) -> list[tuple[Guardian, PersonRecord]]:
    """Who may agree for the person, by name; each look goes on record."""
    ward = service.open_person(application.citizen_id, Purpose.APPLICATION)
    return [(one, service.open_person(one.guardian_id, Purpose.APPLICATION)) for one in ward.guardians]


def changed_by(subject: Application | Approval) -> frozenset[UUID]:
    """All that a decision on it may change."""
    if isinstance(subject, Approval):
        return frozenset({subject.id, subject.subject_id})
    ids = (subject.id, subject.citizen_id, subject.card_uuid)
    return frozenset(one for one in ids if one is not None)


def intended(act: str, subject: Application | Approval, said: Hashable) -> Intent:
    """To do this about it as it was when it was opened: whoever does the same after it went on means it anew."""
    seen: Hashable = subject.state
    if isinstance(subject, Application):
        seen = subject.state, subject.responsible, subject.consent, len(subject.history)
    return means(act, subject.id, changed_by(subject), fields=(said, seen))


def decide(service: ServiceClient, act: Act, subject: Application | Approval, reason: str = "") -> None:
    """Do what takes no more than a reason. Raises ServiceProblem, ServiceUnreachable."""
    steps: Mapping[Act, Callable[[], object]] = {
        Act.SUBMIT: lambda: service.submit(subject.id),
        Act.APPROVE: lambda: service.approve(subject.id),
        Act.REJECT: lambda: service.reject(subject.id, reason),
        Act.CANCEL: lambda: service.cancel(subject.id, reason),
        Act.GRANT: lambda: service.approve_request(subject.id),
        Act.REFUSE: lambda: service.refuse_request(subject.id, reason),
        Act.TAKE_BACK: lambda: service.refuse_request(subject.id, reason),
    }
    steps[act]()


def age(since: datetime, now: datetime) -> tuple[int, str]:
    """How long ago, in the largest unit that fits: (3, ``days``), (2, ``hours``), (0, ``minutes``)."""
    passed = max(now - since, timedelta(0))
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if passed >= length:
            return passed // length, unit
    return passed // timedelta(minutes=1), "minutes"
