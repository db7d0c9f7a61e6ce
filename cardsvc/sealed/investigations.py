"""Looking at a person without their hearing of it yet: asked for by one investigator, agreed to by another.

Everything that is done, and everything that is refused, is a sealed entry in the transaction that does it. Nothing else
is written, neither an approval nor an open record: that would say when there is an investigation, and of whom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.errors import RecipientDecides, SamePerson
from cardsvc.audit.service import OK
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import is_citizen, may_be_one
from cardsvc.citizens.errors import CitizenNotFound, PersonErased
from cardsvc.citizens.history import read_history
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.records import describe as describe_person
from cardsvc.citizens.service import find_by_document, get_citizen
from cardsvc.clock import city_day
from cardsvc.errors import ServiceError
from cardsvc.paging import Page, Wanted, page_of
from cardsvc.sealed.content import Content
from cardsvc.sealed.errors import InvestigationNotApproved, InvestigationOver, InvestigationUnknown, ReleaseDateRefused
from cardsvc.sealed.files import APPROVE, ASK_RELEASE, OPEN, READ_HISTORY, REQUEST, File, all_files, get_file
from cardsvc.sealed.publishing import RELEASE, release_all
from cardsvc.sealed.vault import Vault, lock_all
from cardsvc.wire import investigations as wire
from cardsvc.wire.history import AccessHistory
from cardsvc.wire.investigations import InvestigationState
from cardsvc.wire.people import PersonRecord

_Seen = TypeVar("_Seen")
_DECISIONS: Final = frozenset({APPROVE, ASK_RELEASE, RELEASE})
"""A quarter of the places is for these alone."""
_CLOSED: Final = frozenset({InvestigationState.OVER, InvestigationState.RELEASED})


@dataclass(frozen=True)
class Investigator:
    """Somebody at work on investigations, in one transaction.

    What is refused on a closer look is given back, not raised: it is a sealed entry, and that is to be committed.
    An investigation of themselves is not there for an investigator, in any list nor by its id: they would know of it.
    """

    session: Session
    vault: Vault
    actor: Principal
    now: datetime

    def request(self, asked: wire.InvestigationRequest, longest: timedelta) -> wire.Investigation | ServiceError:
        """Ask for an investigation. Gives back CitizenNotFound, PersonErased, RecipientDecides.

        Raises ReleaseDateRefused, SealedEntriesFull.
        """
        today = city_day(self.now)
        if not today < asked.release_on <= today + longest:
            raise ReleaseDateRefused(today + longest)
        citizen = self._find(asked)
        refusal = self._objection(citizen)
        content = self._write_request(asked, citizen, refusal)
        return File(content, [content]).describe(self.now) if refusal is None else refusal.recorded()

    def approve(self, investigation_id: UUID) -> wire.Investigation | ServiceError:
        """Agree. Gives back SamePerson, InvestigationOver.

        Raises InvestigationUnknown, SealedEntriesFull.
        """
        file = self._open(investigation_id)
        refusal = self._not_alone(file.request.actor)
        if refusal is None and file.state(self.now) is not InvestigationState.REQUESTED:
            refusal = InvestigationOver(file.state(self.now))
        return self._done(file, APPROVE, refusal)

    def open_person(self, investigation_id: UUID) -> PersonRecord | ServiceError:
        """Everything about the person. Gives back InvestigationNotApproved, InvestigationOver, PersonErased.

        Raises InvestigationUnknown, SealedEntriesFull.
        """
        return self._look(
            investigation_id,
            OPEN,
            lambda file: describe_person(self.session, self.vault.keystore, get_citizen(self.session, file.citizen)),
        )

    def read_history(self, investigation_id: UUID, wanted: Wanted) -> AccessHistory | ServiceError:
        """Who asked about the person, and was told what. As `open_person`."""
        return self._look(investigation_id, READ_HISTORY, lambda file: read_history(self.session, file.citizen, wanted))

    def release(self, investigation_id: UUID) -> wire.Investigation | ServiceError:
        """Let the person read it before its date: the first asks, another does it. Gives back as `approve` does."""
        file = self._open(investigation_id)
        asked = file.first(ASK_RELEASE)
        refusal = None if asked is None else self._not_alone(asked.actor)
        if file.state(self.now) is InvestigationState.RELEASED:
            refusal = InvestigationOver(InvestigationState.RELEASED)
        told = self._done(file, ASK_RELEASE if asked is None else RELEASE, refusal)
        if asked is not None and refusal is None:
            release_all(self.session, self.vault, file.id, actor=self.actor.client_id, now=self.now)
        return told

    def list(self, wanted: Wanted) -> Page[wire.Investigation]:
        """Those that are not released, and not about whoever asks. Raises CursorRefused."""
        files = all_files(self.session, self.vault)
        kept = [file for file in files if file.state(self.now) is not InvestigationState.RELEASED]
        shown = page_of([file for file in kept if not self._is(file.citizen)], lambda file: file.place, wanted)
        return Page([file.describe(self.now) for file in shown.rows], shown.next)

    def _open(self, investigation_id: UUID) -> File:
        lock_all(self.session)
        file = get_file(self.session, self.vault, investigation_id)
        if self._is(file.citizen):
            raise InvestigationUnknown
        return file

    def _look(self, investigation_id: UUID, event: str, see: Callable[[File], _Seen]) -> _Seen | ServiceError:
        file = self._open(investigation_id)
        state = file.state(self.now)
        refusal: ServiceError | None = None
        if state in _CLOSED:
            refusal = InvestigationOver(state)
        elif state is not InvestigationState.APPROVED or self.actor.client_id != file.request.actor:
            refusal = InvestigationNotApproved()
        else:
            try:
                seen = see(file)
            except PersonErased as erased:
                refusal = erased
        self._write(file, event, refusal)
        return seen if refusal is None else refusal.recorded()

    def _done(self, file: File, event: str, refusal: ServiceError | None) -> wire.Investigation | ServiceError:
        content = self._write(file, event, refusal)
        if refusal is not None:
            return refusal.recorded()
        return File(file.request, [*file.acts, content]).describe(self.now)

    def _find(self, asked: wire.InvestigationRequest) -> Citizen | None:
        if asked.document_number is not None:
            return find_by_document(self.session, self.vault.keystore, asked.document_number)
        return self.session.get(Citizen, asked.citizen_id)

    def _objection(self, citizen: Citizen | None) -> ServiceError | None:
        if citizen is None:
            return CitizenNotFound()
        if citizen.wrapped_key is None:
            return PersonErased()
        return RecipientDecides() if self._is(citizen.id) else None

    def _is(self, citizen_id: UUID) -> bool:
        return is_citizen(self.session, self.actor.client_id, citizen_id)

    def _not_alone(self, other: str) -> ServiceError | None:
        return SamePerson() if may_be_one(self.session, self.actor.client_id, other) else None

    def _write_request(
        self, asked: wire.InvestigationRequest, citizen: Citizen | None, refusal: ServiceError | None
    ) -> Content:
        def make(identity: UUID) -> Content:
            return Content(
                event=REQUEST,
                outcome=_outcome(refusal),
                actor=self.actor.client_id,
                at=self.now,
                investigation=identity,
                citizen=None if citizen is None else citizen.id,
                reference=asked.reference,
                release_on=asked.release_on,
            )

        return self.vault.write(self.session, self.now, make, self._spare(REQUEST))

    def _write(self, file: File, event: str, refusal: ServiceError | None) -> Content:
        outcome = _outcome(refusal)
        content = replace(file.request, event=event, outcome=outcome, actor=self.actor.client_id, at=self.now)
        return self.vault.write(self.session, self.now, lambda _: content, self._spare(event))

    def _spare(self, event: str) -> int:
        return 0 if event in _DECISIONS else self.vault.size // 4


def _outcome(refusal: ServiceError | None) -> str:
    return OK if refusal is None else refusal.code
