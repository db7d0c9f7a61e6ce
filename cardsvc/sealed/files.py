"""An investigation is what its sealed entries say: there is no other row about it anywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK
from cardsvc.clock import city_day
from cardsvc.sealed.content import Content
from cardsvc.sealed.errors import InvestigationUnknown
from cardsvc.sealed.publishing import RELEASE
from cardsvc.sealed.vault import Vault
from cardsvc.wire.investigations import Investigation, InvestigationState

REQUEST: Final = "investigation.request"
APPROVE: Final = "investigation.approve"
OPEN: Final = "investigation.open"
READ_HISTORY: Final = "investigation.read-history"
ASK_RELEASE: Final = "investigation.ask-release"
LOOKS: Final = frozenset({OPEN, READ_HISTORY})
WAITS: Final = timedelta(days=7)
"""So long a colleague may agree."""
LASTS: Final = timedelta(days=30)
"""So long after that the person may be looked at."""


@dataclass(frozen=True)
class File:
    """What was done in one investigation, as far as it was not refused."""

    request: Content
    acts: Sequence[Content]
    """Oldest first, the request among them."""

    @property
    def id(self) -> UUID:
        """The id of the entry of the request."""
        return self.request.investigation

    @property
    def citizen(self) -> UUID:
        """Whom it is about."""
        if self.request.citizen is None:
            raise LookupError("a request about nobody is refused")
        return self.request.citizen

    @property
    def place(self) -> str:
        """Where it stands among all: later ones are greater."""
        return f"{self.request.at.astimezone(UTC).isoformat(timespec='microseconds')} {self.id}"

    def first(self, event: str) -> Content | None:
        """When this was done first."""
        return next((act for act in self.acts if act.event == event), None)

    def state(self, now: datetime) -> InvestigationState:
        """How far it is."""
        if self.first(RELEASE) is not None or self.request.release_on <= city_day(now):
            return InvestigationState.RELEASED
        if now >= self.ends_at:
            return InvestigationState.OVER
        return InvestigationState.REQUESTED if self.first(APPROVE) is None else InvestigationState.APPROVED

    @property
    def ends_at(self) -> datetime:
        """Until then the next step may be done."""
        approved = self.first(APPROVE)
        return self.request.at + WAITS if approved is None else approved.at + LASTS

    def describe(self, now: datetime) -> Investigation:
        """As investigators see it."""
        approved, asked = self.first(APPROVE), self.first(ASK_RELEASE)
        return Investigation(
            id=self.id,
            citizen_id=self.citizen,
            reference=self.request.reference,
            release_on=self.request.release_on,
            state=self.state(now),
            requested_by=self.request.actor,
            requested_at=self.request.at,
            approved_by=None if approved is None else approved.actor,
            ends_at=self.ends_at,
            looks=sum(act.event in LOOKS for act in self.acts),
            release_asked_by=None if asked is None else asked.actor,
        )


def all_files(session: Session, vault: Vault, since: date = date.min) -> list[File]:
    """Every investigation that was asked for since, newest first."""
    acts = defaultdict[UUID, list[Content]](list)
    for place in vault.open_all(session, since):
        if place.content.outcome == OK:
            acts[place.content.investigation].append(place.content)
    files = [_file(of_one) for of_one in acts.values()]
    return sorted((file for file in files if file is not None), key=lambda file: file.place, reverse=True)


def get_file(session: Session, vault: Vault, investigation_id: UUID) -> File:
    """Raises InvestigationUnknown."""
    place = vault.open(session, investigation_id)
    if place is not None and (place.content.event, place.content.outcome) == (REQUEST, OK):
        for file in all_files(session, vault, since=place.batch.day):
            if file.id == investigation_id:
                return file
    raise InvestigationUnknown


def _file(acts: Sequence[Content]) -> File | None:
    in_order = sorted(acts, key=lambda act: act.at)
    request = next((act for act in in_order if act.event == REQUEST), None)
    return None if request is None else File(request, in_order)
