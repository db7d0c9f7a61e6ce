"""A card or a person as an officer has them open: what is known of them, to say what can be done and what follows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, Card, CardState
from cardsvc.wire.lives import Loss, PastApplication, PersonLife
from cardsvc.wire.losses import LossOutcome
from cardsvc.wire.people import FoundPerson, Purpose, SearchRequest
from cardsvc.wire.registry import RegistryEvent, RegistryEventState

T = TypeVar("T")

_OPEN: Final = frozenset(
    {
        ApplicationState.DRAFT,
        ApplicationState.SUBMITTED,
        ApplicationState.APPROVED,
        ApplicationState.PERSONALISING,
        ApplicationState.PRODUCED,
    }
)
_NOTHING: Final = PersonLife(applications=[], cards=[], losses=[], registry_events=[], corrections=[])


@dataclass(frozen=True, slots=True)
class Case:
    """What the service told of a person, one of whose cards is looked at; or of a blank card, which is nobody's."""

    now: datetime
    card: Card | None
    citizen_id: UUID | None = None
    life: PersonLife = field(default=_NOTHING)
    holder: FoundPerson | None = None
    """Whose card it is, where it was looked for by the card."""

    @property
    def state(self) -> CardState | None:
        """Of the card."""
        return None if self.card is None else self.card.state

    @property
    def newest(self) -> Card | None:
        """The card that the person has, or had last; a temporary one is none."""
        uuids = [
            application.card_uuid
            for application in self.life.applications
            if application.card_uuid is not None and application.kind is not ApplicationKind.TEMPORARY
        ]
        return self.card_of(uuids[-1]) if uuids else None

    @property
    def open_application(self) -> PastApplication | None:
        """What was asked for and is not done: there is one at a time."""
        return _last(application for application in self.life.applications if application.state in _OPEN)

    @property
    def application(self) -> PastApplication | None:
        """The one that the card answers."""
        return _last(one for one in self.life.applications if self.card is not None and one.card_uuid == self.card.uuid)

    @property
    def forgotten(self) -> Card | None:
        """Of a temporary card: the one that it stands in for."""
        application = self.application
        if application is None or application.kind is not ApplicationKind.TEMPORARY:
            return None
        return self.card_of(application.replaces_uuid)

    @property
    def standing_event(self) -> RegistryEvent | None:
        """What the registry says of the person now: died, or moved away."""
        events = self.life.registry_events
        return _last(event for event in events if event.state is not RegistryEventState.REVERSED)

    @property
    def open_loss(self) -> Loss | None:
        """The report about the card of which nothing came yet."""
        return _last(loss for loss in self.losses if loss.outcome is None)

    @property
    def losses(self) -> list[Loss]:
        """About the card."""
        return [loss for loss in self.life.losses if self.card is not None and loss.card_uuid == self.card.uuid]

    def was_lost(self, card: Card) -> bool:
        """Whether the card was reported, and not found."""
        return any(loss.card_uuid == card.uuid and loss.outcome is not LossOutcome.FOUND for loss in self.life.losses)

    def card_of(self, uuid: UUID | None) -> Card | None:
        """One of the person's."""
        return _last(card for card in self.life.cards if card.uuid == uuid)

    def is_over(self, card: Card) -> bool:
        """Whether its last day has passed."""
        return card.expires_on is not None and self.now.date() > card.expires_on

    @property
    def about(self) -> frozenset[Hashable]:
        """All that an act upon it may change, however it is known."""
        asked, card = self.open_application, self.card
        known = () if card is None else (card.uuid, card.stock_number)
        return frozenset({*known, self.citizen_id, None if asked is None else asked.id}) - {None}

    @property
    def seen(self) -> Hashable:
        """How far all of it was when it was looked at: whoever does the same after it went on means it anew."""
        life = self.life
        return (
            0 if self.card is None else len(self.card.history),
            tuple((card.uuid, len(card.history)) for card in life.cards),
            tuple((one.id, len(one.history)) for one in life.applications),
            tuple((loss.number, loss.outcome) for loss in life.losses),
            tuple((event.id, event.state) for event in life.registry_events),
            len(life.corrections),
        )

    @property
    def known_card(self) -> UUID:
        """Where the case is about a card. Raises ValueError."""
        if self.card is None:
            raise ValueError("there is no card")
        return self.card.uuid

    @property
    def known_citizen(self) -> UUID:
        """Where it is known whose it is. Raises ValueError."""
        if self.citizen_id is None:
            raise ValueError("the card is nobody's")
        return self.citizen_id

    @property
    def subject(self) -> UUID:
        """What the card, or the person, is known by at the service."""
        subject = self.card.uuid if self.card is not None else self.citizen_id
        if subject is None:
            raise ValueError("a case is about a card or a person")
        return subject


def look_at_person(
    officer: ServiceClient, citizen_id: UUID, purpose: Purpose, reference: str | None, now: datetime
) -> Case:
    """A person with the card that they have, or had last. Goes on record."""
    case = Case(now, None, citizen_id, officer.person_life(citizen_id, purpose, reference))
    return Case(now, case.newest, citizen_id, case.life)


def look_at_card(officer: ServiceClient, uuid: UUID, purpose: Purpose, now: datetime, *, people: bool) -> Case:
    """A card and whose it is, where that may be seen (``people``). Goes on record."""
    card = officer.card(uuid)
    found = _holder(officer, uuid, purpose) if people else None
    if found is None:
        return Case(now, card)
    return Case(now, card, found.id, officer.person_life(found.id, purpose), found)


def _holder(officer: ServiceClient, uuid: UUID, purpose: Purpose) -> FoundPerson | None:
    found = officer.search_people(SearchRequest(purpose=purpose, card_number=str(uuid))).people
    return found[0] if found else None


def _last(things: Iterable[T]) -> T | None:
    return next(iter(reversed(list(things))), None)


def find_card(officer: ServiceClient, number: str, purpose: Purpose, *, people: bool, blanks: bool) -> UUID | None:
    """The card of this printed number: somebody's (``people``), or a blank one (``blanks``), where these may be seen.

    Goes on record.
    """
    if people:
        for person in officer.search_people(SearchRequest(purpose=purpose, card_number=number)).people:
            for card in officer.open_person(person.id, purpose).cards:
                if card.stock_number == number:
                    return card.uuid
    blank = officer.stock() if blanks else ()
    return next((card.uuid for card in blank if card.stock_number == number), None)
