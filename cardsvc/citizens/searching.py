"""Looking for people. Who is shown, why, and to whom, goes on record for each of them; what was typed does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record_all
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens import blind_index, names
from cardsvc.citizens.blind_index import Word
from cardsvc.citizens.models import Citizen, TokenKind
from cardsvc.citizens.service import find_by_document, open_person
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import FoundPeople, FoundPerson, Match, Occasion, Purpose, SearchRequest

MOST: Final = 20
"""Shown at once: whoever sees more should say more."""
_LOOKED_THROUGH: Final = 200
"""Opened to compare birth dates. More people of one name than that need a document number."""
_SHOWN_CHARACTERS: Final = 4
_MAX_INITIALS: Final = 4


@dataclass(frozen=True)
class Hit:
    """Somebody who was found, opened."""

    citizen_id: UUID
    person: Person
    match: Match


def search(
    session: Session, keystore: Keystore, request: SearchRequest, *, actor: Principal, now: datetime
) -> FoundPeople:
    """Find people. Erased people are not found; an empty result is on record too."""
    hits = list(_search(session, keystore, request))
    shown = hits[:MOST]
    _record(session, "person.search", [hit.citizen_id for hit in shown], request, actor=actor, now=now)
    return FoundPeople(people=[_masked(hit) for hit in shown], more=len(hits) > MOST)


def find_duplicates(
    session: Session, keystore: Keystore, person: Person, reference: str | None, *, actor: Principal, now: datetime
) -> FoundPeople:
    """Who may be this person already: the same document number, or the same name or a like sound and birth date."""
    hits = list(_duplicates(session, keystore, person))
    shown = hits[:MOST]
    occasion = Occasion(purpose=Purpose.ENROLMENT, reference=reference)
    _record(session, "person.duplicates", [hit.citizen_id for hit in shown], occasion, actor=actor, now=now)
    return FoundPeople(people=[_masked(hit) for hit in shown], more=len(hits) > MOST)


def _search(session: Session, keystore: Keystore, request: SearchRequest) -> Iterator[Hit]:
    if request.document_number is not None:
        known = find_by_document(session, keystore, request.document_number)
        yield from _open(keystore, [known] if known else [], Match.DOCUMENT_NUMBER)
    elif request.card_number is not None:
        yield from _open(keystore, _holders(session, request.card_number), Match.CARD_NUMBER)
    elif request.name is not None:
        yield from _by_name(session, keystore, request.name, request.birth_date)


def _by_name(session: Session, keystore: Keystore, name: str, birth_date: date | None) -> Iterator[Hit]:
    """Those who are written so first, then those who sound so, then those with these initials."""
    seen: set[UUID] = set()
    for match, words in _words_of_query(name, birth_date):
        ids = [found for found in blind_index.find(session, keystore, words, _LOOKED_THROUGH) if found not in seen]
        seen.update(ids)
        for hit in _open(keystore, _in_order(session, ids), match):
            if birth_date is None or hit.person.birth_date == birth_date:
                yield hit


def _words_of_query(name: str, birth_date: date | None) -> Iterator[tuple[Match, list[Word]]]:
    yield Match.NAME, [Word(TokenKind.NAME, names.fold(name)), *blind_index.latin_words(name)]
    if names.has_han(name):
        yield Match.SOUND, list(blind_index.sound_words(name))
        return
    yield Match.SOUND, [Word(TokenKind.PINYIN, names.pinyin_key(name))]
    letters = names.fold(name)
    if birth_date is not None and len(letters) <= _MAX_INITIALS:
        yield Match.INITIALS, [blind_index.initials_word(letters, birth_date)]


def _holders(session: Session, number: str) -> list[Citizen]:
    """Whoever has, or had, the card with this printed number, serial number of the product, or UUID."""
    wanted = [Card.stock_number == number.upper(), Card.product_serial == number.upper()]
    with suppress(ValueError):
        wanted.append(Card.uuid == UUID(number))
    statement = select(Citizen).where(Citizen.id.in_(select(Card.citizen_id).where(or_(*wanted))))
    return list(session.scalars(statement))


def _duplicates(session: Session, keystore: Keystore, person: Person) -> Iterator[Hit]:
    known = find_by_document(session, keystore, person.document_number)
    yield from _open(keystore, [known] if known else [], Match.DOCUMENT_NUMBER)
    ids = blind_index.find(session, keystore, blind_index.duplicate_words(person), _LOOKED_THROUGH)
    others = [found for found in ids if known is None or found != known.id]
    for hit in _open(keystore, _in_order(session, others), Match.SOUND_AND_BIRTH_DATE):
        if names.fold(hit.person.name) == names.fold(person.name):
            yield Hit(hit.citizen_id, hit.person, Match.NAME_AND_BIRTH_DATE)
        else:
            yield hit


def _in_order(session: Session, ids: Sequence[UUID]) -> list[Citizen]:
    return list(session.scalars(select(Citizen).where(Citizen.id.in_(ids)).order_by(Citizen.id))) if ids else []


def _open(keystore: Keystore, citizens: Iterable[Citizen], match: Match) -> Iterator[Hit]:
    for citizen in citizens:
        if citizen.wrapped_key is not None:
            yield Hit(citizen.id, open_person(keystore, citizen), match)


def _masked(hit: Hit) -> FoundPerson:
    return FoundPerson(
        id=hit.citizen_id,
        match=hit.match,
        name=hit.person.name,
        birth_year=hit.person.birth_date.year,
        document_number=hit.person.document_number[-_SHOWN_CHARACTERS:],
        district=hit.person.district,
    )


def _record(
    session: Session, event: str, shown: Sequence[UUID], occasion: Occasion, *, actor: Principal, now: datetime
) -> None:
    """One record for each person who was shown: they can read it; one without a person when nobody was."""
    detail = {"purpose": occasion.purpose.value, "found": len(shown)} | reference_of(occasion)
    subjects: Sequence[UUID | None] = shown or [None]
    session.flush()
    record_all(
        session.connection(),
        [Draft(event, OK, actor.client_id, now, citizen_id, detail=detail) for citizen_id in subjects],
    )


def reference_of(occasion: Occasion) -> dict[str, Any]:
    """The case, if there is one, as a member of an audit record."""
    return {} if occasion.reference is None else {"reference": occasion.reference}
