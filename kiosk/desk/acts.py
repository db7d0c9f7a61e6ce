"""An act: what can be done about a card that was issued, or about its person, and how far it is when two must agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalState
from cardsvc.wire.lifecycle import RevocationReason
from cardsvc.wire.losses import Channel, Question
from cardsvc.wire.registry import RegistryEventKind
from cardsvc.wire.scopes import Scope
from kiosk.desk.cases import Case
from kiosk.desk.intents import Intent, means


class Need(StrEnum):
    """What the officer has to say before an act."""

    REASON = "reason"
    REVOCATION = "revocation"
    CHANNEL = "channel"
    """How a loss was reported; by telephone, with the questions that were answered."""
    REFERENCE = "reference"
    """The registry's number of the event, and its day."""
    EVENT = "event"
    CARD_IN_READER = "card_in_reader"


@dataclass(frozen=True, slots=True)
class Given:
    """What the officer said."""

    reason: str = ""
    revocation: RevocationReason = RevocationReason.WITHDRAWN
    channel: Channel = Channel.DESK
    answered: frozenset[Question] = frozenset()
    """What somebody who calls was asked, and answered right."""
    reference: str = ""
    event: RegistryEventKind = RegistryEventKind.DEATH
    occurred_on: date = date.min


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done."""

    name: str
    """Its words are the keys of the group ``acts`` that begin with it."""
    permit: Scope
    is_open: Callable[[Case], bool]
    run: Callable[[ServiceClient, Case, Given], Any]
    effects: Callable[[Case, Given], Sequence[str]]
    """Sentences about what will follow, by their keys: on the card, for the citizen, and whether it can be undone."""
    needs: frozenset[Need] = frozenset()
    approval: Callable[[Case], ApprovalKind | None] = field(default=lambda _: None)
    """What a colleague has to agree to first."""
    about_person: bool = False
    """Whether the approval is about the person, not the card."""

    def subject(self, case: Case) -> UUID:
        """What an approval is asked for about."""
        return case.known_citizen if self.about_person else case.subject


class Step(StrEnum):
    """What can be done about an act now."""

    DO = "do"
    ASK = "ask"
    """Ask a colleague."""
    WAIT = "wait"
    """A colleague was asked."""
    LEAVE = "leave"
    """The officer is the one who agreed to it: somebody else does it."""


def step_of(act: Act, case: Case, approvals: Sequence[Approval], me: str) -> Step:
    """How far an act is that may take two people. ``approvals`` are those about the card and the person."""
    kind = act.approval(case)
    if kind is None:
        return Step.DO
    granted = open_approval(act, case, approvals)
    if granted is None:
        return Step.ASK
    if granted.state is ApprovalState.REQUESTED:
        return Step.WAIT
    return Step.LEAVE if granted.decided_by == me else Step.DO


def intended(act: Act, case: Case, given: Given) -> Intent:
    """To do it with what the officer said, about the case as it was shown to them."""
    return means(act.name, case.subject, case.about, fields=(given, case.seen))


def open_approval(act: Act, case: Case, approvals: Sequence[Approval]) -> Approval | None:
    """What was asked for and may still be used, newest first as the service lists it."""
    kind, subject = act.approval(case), act.subject(case)
    fit = (one for one in approvals if one.kind is kind and one.subject_id == subject and one.expires_at > case.now)
    return next(fit, None)


def approvals_about(officer: ServiceClient, case: Case) -> list[Approval]:
    """What colleagues were asked for about the card and its person."""
    subjects = {case.subject} | ({case.citizen_id} if case.citizen_id is not None else set())
    return [one for subject in subjects for one in officer.approvals(subject_id=subject)]


def ask(officer: ServiceClient, act: Act, case: Case, reason: str) -> Approval:
    """Ask a colleague to agree to it. Raises ServiceProblem, ServiceUnreachable."""
    kind = act.approval(case)
    if kind is None:
        raise ValueError(f"{act.name} takes nobody else")
    return officer.request_approval(kind, act.subject(case), reason)
