"""Asking about people who are not there, by the names a department knows them by.

A department may ask about whoever was with it, and about nobody else: a pseudonym that it was never told is unknown to
it, whether there is such a person or not. The purpose is one that its policy names, and stands with each answer in the
person's own history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, Note, record_all
from cardsvc.bulk import insert_new
from cardsvc.callers.principal import Principal
from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id
from cardsvc.departments.models import Acquaintance, Department
from cardsvc.departments.repository import RulesInForce, calling_department, rules_in_force
from cardsvc.locks.errors import LockedByCitizen
from cardsvc.wire.departments import AboutPeople

UNKNOWN: Final = "unknown"
"""The outcome on record for names that the department was never told."""


def make_acquainted(
    session: Session, department: Department, pseudonym: str, citizen_id: UUID, *, now: datetime
) -> None:
    """Remember that the department was told about this person; once is enough."""
    # Whoever writes about people first draws their numbers and then comes here: in that order, or two would wait for
    # each other.
    session.execute(select(Citizen.id).where(Citizen.id == citizen_id).with_for_update(key_share=True))
    note_meetings(session.connection(), [Meeting(department.id, pseudonym, citizen_id, now)])


class Meeting(NamedTuple):
    """A department is told about a person."""

    department_id: UUID
    pseudonym: str
    citizen_id: UUID
    since: datetime


def note_meetings(connection: Connection, meetings: Iterable[Meeting]) -> None:
    """Remember them, where they are the first. Whoever notes any holds the citizens' rows already.

    In one order everywhere: two processes about the same people would wait for each other.
    """
    rows = [{"id": new_id(), **meeting._asdict()} for meeting in sorted(meetings)]
    insert_new(connection, Acquaintance, rows, unique=["department_id", "pseudonym"])


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Something that a department may ask, about those of the people that it knows."""

    event: str
    about: AboutPeople
    actor: Principal
    now: datetime
    policy: RulesInForce
    known: Mapping[str, UUID] = field(repr=False)
    """The citizens by pseudonym, in the order of the question."""

    def answered(self, citizen_id: UUID, note: Note | None = None, **detail: Any) -> Draft:
        """The record of an answer about one person."""
        return self._draft(OK, detail, citizen_id, note)

    def refused(self, citizen_id: UUID, **detail: Any) -> Draft:
        """The record of an answer that the person does not want this department to have."""
        return self._draft(LockedByCitizen.code, detail, citizen_id)

    def close(self, session: Session, answered: Iterable[Draft], **detail: Any) -> None:
        """Write down what was answered, and in one record how many were not known."""
        drafts = list(answered)
        unknown = len(self.about.pseudonyms) - len(drafts)
        if unknown:
            drafts.append(self._draft(UNKNOWN, detail | {"count": unknown}))
        record_all(session.connection(), drafts)

    def _draft(
        self, outcome: str, detail: Mapping[str, Any], citizen_id: UUID | None = None, note: Note | None = None
    ) -> Draft:
        common = {"purpose": self.about.purpose, "policy_version": self.policy.version}
        return Draft(
            self.event, outcome, self.actor.client_id, self.now, citizen_id, detail={**common, **detail}, note=note
        )


def open_inquiry(session: Session, about: AboutPeople, *, event: str, actor: Principal, now: datetime) -> Inquiry:
    """See who is meant, and whether the policy in force names the purpose.

    Raises PurposeNotCovered; DepartmentNotFound for callers that are no department.
    """
    department = calling_department(session, actor)
    policy = rules_in_force(session, department)
    policy.rules.require_purpose(about.purpose)
    return Inquiry(event, about, actor, now, policy, acquaintances(session, department, about.pseudonyms))


def acquaintances(session: Session, department: Department, pseudonyms: Sequence[str]) -> dict[str, UUID]:
    """The citizens behind those pseudonyms that the department was told, in the order given."""
    statement = select(Acquaintance.pseudonym, Acquaintance.citizen_id).where(
        Acquaintance.department_id == department.id, Acquaintance.pseudonym.in_(pseudonyms)
    )
    found = dict(session.execute(statement).all())
    return {pseudonym: found[pseudonym] for pseudonym in pseudonyms if pseudonym in found}
