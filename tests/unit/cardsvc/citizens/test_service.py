"""People are sealed, each under a key of their own."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from cardsvc.citizens.errors import PersonErased
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import enrol, open_person
from cardsvc.services import Services
from cardsvc.trust.keystore import NotSealedHere
from cardsvc.wire.lifecycle import Person
from tests.fixtures.issuance import MEI


def enrolled(services: Services, session: Session, person: Person = MEI) -> Citizen:
    return enrol(session, services.keystore, person, services.clock())


def test_a_person_comes_back_whole(sqlite_services: Services) -> None:
    with sqlite_services.sessions() as session:
        assert open_person(sqlite_services.keystore, enrolled(sqlite_services, session)) == MEI


def test_nothing_of_a_person_is_in_the_row(sqlite_services: Services) -> None:
    with sqlite_services.sessions() as session:
        citizen = enrolled(sqlite_services, session)
        row = repr(vars(citizen)).encode() + citizen.sealed_person
    for known in (MEI.name.encode(), b"CHAN", MEI.document_number.encode(), b"1988", MEI.district.encode()):
        assert known not in row


def test_without_its_key_a_person_is_gone(sqlite_services: Services) -> None:
    with sqlite_services.sessions() as session:
        citizen = enrolled(sqlite_services, session)
        citizen.wrapped_key = None
        with pytest.raises(PersonErased):
            open_person(sqlite_services.keystore, citizen)


@pytest.mark.parametrize("swapped", [("sealed_person",), ("wrapped_key",), ("sealed_person", "wrapped_key")])
def test_rows_cannot_be_exchanged(sqlite_services: Services, swapped: tuple[str, ...]) -> None:
    """Whoever can write to the database could otherwise show one person's data as another's."""
    with sqlite_services.sessions() as session:
        mei = enrolled(sqlite_services, session)
        wei = enrolled(
            sqlite_services, session, MEI.model_copy(update={"name": "王小明", "document_number": "G7654321"})
        )
        for column in swapped:
            setattr(mei, column, getattr(wei, column))
        with pytest.raises(NotSealedHere):
            open_person(sqlite_services.keystore, mei)


def test_repr_of_a_person_shows_no_name() -> None:
    assert repr(MEI) == "Person(district='hengqin')"
