"""People over HTTP, on both databases: found by name, sound, document and card; opened, corrected, recorded."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import LogCapture

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.citizens.service import enrol
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import (
    CorrectionCause,
    CorrectionRequest,
    Match,
    Occasion,
    Purpose,
    Relation,
    SearchRequest,
)
from tests.fixtures.issuance import MEI
from tests.fixtures.proofs import City
from tests.fixtures.refusals import refused

SHAN = Person(name="单雄信", birth_date=date(1970, 1, 2), document_number="H1111111", district="hengqin")
JOAO = Person(name="João da Silva", birth_date=date(1980, 5, 6), document_number="P2222222", district="taipa")
CHILD = Person(name="陳小玲", birth_date=date(2020, 6, 1), document_number="M3333333", district="hengqin")
LOOK = Purpose.APPLICATION


def enrolled(city: City, person: Person = MEI) -> UUID:
    with transaction(city.services.sessions) as session:
        return enrol(session, city.services.keystore, person, city.clock()).id


def clerk(city: City, name: str = "ana") -> ServiceClient:
    return city.caller(name, CallerKind.OFFICER) if name not in city.keys else city.client(name)


def search(city: City, **query: Any) -> list[tuple[UUID, Match]]:
    found = clerk(city).search_people(SearchRequest(purpose=LOOK, **query))
    assert not found.more
    return [(person.id, person.match) for person in found.people]


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ("陳美玲", Match.NAME),
        (" 陳 美玲 ", Match.NAME),
        ("陈美玲", Match.SOUND),
        ("chen meiling", Match.SOUND),
        ("Chén Měilíng", Match.SOUND),
        ("CHEN2 MEI3 LING2", Match.SOUND),
        ("Chan Mei Leng", Match.NAME),
        ("Mei Leng CHAN", Match.NAME),
        ("chanmeileng", Match.NAME),
    ],
)
def test_a_person_is_found_by_name(city: City, typed: str, match: Match) -> None:
    person = enrolled(city)
    enrolled(city, SHAN)
    assert search(city, name=typed) == [(person, match)]


@pytest.mark.parametrize("typed", ["shan xiongxin", "Dān Xióngxìn", "單雄信"])
def test_a_surname_is_found_by_each_of_its_readings(sqlite_city: City, typed: str) -> None:
    person = enrolled(sqlite_city, SHAN)
    assert search(sqlite_city, name=typed) == [(person, Match.SOUND)]


@pytest.mark.parametrize("typed", ["joao da silva", "SILVA, JOÃO DA"])
def test_a_name_in_latin_letters(sqlite_city: City, typed: str) -> None:
    person = enrolled(sqlite_city, JOAO)
    assert search(sqlite_city, name=typed) == [(person, Match.NAME)]


@pytest.mark.parametrize("typed", ["陳", "chen", "mei", "陳美", "%", "*", "' OR 1=1 --", "玲美陳"])
def test_part_of_a_name_finds_nobody(sqlite_city: City, typed: str) -> None:
    enrolled(sqlite_city)
    assert search(sqlite_city, name=typed) == []


def test_initials_need_a_birth_date(city: City) -> None:
    person = enrolled(city)
    assert search(city, name="cml") == []
    assert search(city, name="CML", birth_date=MEI.birth_date) == [(person, Match.INITIALS)]
    assert search(city, name="CML", birth_date=date(1988, 4, 6)) == []


def test_a_birth_date_narrows_a_name(city: City) -> None:
    older = MEI.model_copy(update={"birth_date": date(1960, 1, 1), "document_number": "X9999999"})
    person, other = enrolled(city), enrolled(city, older)
    assert {found for found, _ in search(city, name="陳美玲")} == {person, other}
    assert search(city, name="陳美玲", birth_date=MEI.birth_date) == [(person, Match.NAME)]


def test_a_person_is_found_by_document_number_and_by_card(city: City) -> None:
    card = city.card()
    with reading(city.services.sessions) as session:
        number = session.execute(text("SELECT stock_number FROM cards")).scalar_one()
    assert search(city, card_number=number) == [(card.citizen_id, Match.CARD_NUMBER)]
    assert search(city, card_number=number.lower()) == [(card.citizen_id, Match.CARD_NUMBER)]
    assert search(city, card_number=str(card.uuid)) == [(card.citizen_id, Match.CARD_NUMBER)]
    assert search(city, card_number="HQ-9999") == []
    person = enrolled(city)
    assert search(city, document_number=MEI.document_number) == [(person, Match.DOCUMENT_NUMBER)]
    assert search(city, document_number="M1234568") == []


def test_a_person_is_found_by_the_products_serial_number(city: City) -> None:
    """A card found in the street, whose print is worn off, still tells it."""
    card = city.card()
    with transaction(city.services.sessions) as session:
        session.get_one(Card, card.id).product_serial = "00C0FFEE"
    for number in ("00C0FFEE", "00c0ffee"):
        assert search(city, card_number=number) == [(card.citizen_id, Match.CARD_NUMBER)]
    assert search(city, card_number="00C0FFEF") == []


def test_what_is_found_is_masked_until_it_is_opened_for_a_purpose(city: City) -> None:
    person = enrolled(city)
    (found,) = clerk(city).search_people(SearchRequest(purpose=LOOK, name="陳美玲")).people
    assert (found.name, found.birth_year, found.document_number) == ("陳美玲", 1988, "4567")
    assert MEI.document_number not in found.model_dump_json()
    opened = clerk(city).open_person(person, LOOK, "APP/2026-17")
    assert opened.person == MEI
    assert (opened.photo, opened.cards, opened.guardians, opened.corrections) == (None, [], [], 0)


def test_who_was_shown_and_why_is_on_record_and_what_was_typed_is_not(city: City) -> None:
    person = enrolled(city)
    clerk(city).search_people(SearchRequest(purpose=Purpose.RENEWAL, reference="APT-7", name="chen meiling"))
    clerk(city).search_people(SearchRequest(purpose=Purpose.RENEWAL, name="nobody at all"))
    clerk(city).open_person(person, Purpose.COMPLAINT, "C-1")
    found, nobody = city.audit("person.search")
    assert (found.citizen_id, found.actor) == (person, "ana")
    assert found.detail == {"purpose": "renewal", "found": 1, "reference": "APT-7"}
    assert (nobody.citizen_id, nobody.detail) == (None, {"purpose": "renewal", "found": 0})
    (opened,) = city.audit("person.open")
    assert opened.detail == {"purpose": "complaint", "reference": "C-1"}


def test_twenty_are_shown_and_more_are_hinted_at(sqlite_city: City) -> None:
    for number in range(21):
        enrolled(sqlite_city, MEI.model_copy(update={"document_number": f"N10000{number:02}"}))
    found = clerk(sqlite_city).search_people(SearchRequest(purpose=LOOK, name="陳美玲"))
    assert (len(found.people), found.more) == (20, True)
    assert len(sqlite_city.audit("person.search")) == 20


@pytest.mark.parametrize(
    "body",
    [
        {"name": "陳美玲"},
        {"purpose": "curiosity", "name": "陳美玲"},
        {"purpose": "renewal"},
        {"purpose": "renewal", "name": "陳美玲", "document_number": "M1234567"},
        {"purpose": "renewal", "name": ""},
        {"purpose": "renewal", "name": "名" * 10_000},
        {"purpose": "renewal", "document_number": "M12 34567"},
        {"purpose": "renewal", "name": "陳美玲", "reference": "for my cousin 陳"},
        {"purpose": "renewal", "birth_date": "1988-04-05"},
    ],
    ids=",".join,
)
def test_a_search_without_a_purpose_or_of_too_much_is_refused(sqlite_city: City, body: dict[str, Any]) -> None:
    token = clerk(sqlite_city).access_token()
    response = sqlite_city.http().post("/v1/people/search", json=body, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["type"]) == (422, "urn:citizen-card:problem:invalid-request")
    assert "陳" not in response.text
    assert sqlite_city.audit("person.search") == []


def test_a_name_of_ten_thousand_characters_is_refused_and_recorded(sqlite_city: City) -> None:
    token = clerk(sqlite_city).access_token()
    person = MEI.model_dump(mode="json") | {"name": "名" * 10_000}
    for path, body in (("/v1/applications", {"person": person}), ("/v1/people/duplicates", {"person": person})):
        response = sqlite_city.http().post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 422
    assert {entry.outcome for entry in sqlite_city.audit("request")} == {"invalid-request"}


def test_nobody_is_opened_who_is_not_there(sqlite_city: City) -> None:
    assert refused(clerk(sqlite_city).open_person, uuid4(), LOOK) == ("no-such-citizen", 404)


def test_likely_duplicates(city: City) -> None:
    same_document = enrolled(city)
    same_name = enrolled(city, MEI.model_copy(update={"document_number": "OTHER001"}))
    sounds_alike = enrolled(
        city, MEI.model_copy(update={"name": "成梅菱", "name_latin": None, "document_number": "OTHER002"})
    )
    enrolled(city, MEI.model_copy(update={"birth_date": date(1999, 1, 1), "document_number": "OTHER003"}))
    found = clerk(city).find_duplicates(MEI)
    assert {(person.id, person.match) for person in found.people} == {
        (same_document, Match.DOCUMENT_NUMBER),
        (same_name, Match.NAME_AND_BIRTH_DATE),
        (sounds_alike, Match.SOUND_AND_BIRTH_DATE),
    }
    assert found.people[0].id == same_document
    assert {entry.citizen_id for entry in city.audit("person.duplicates")} == {same_document, same_name, sounds_alike}


def test_a_stranger_has_no_duplicates(sqlite_city: City) -> None:
    enrolled(sqlite_city)
    assert clerk(sqlite_city).find_duplicates(SHAN).people == []


def test_the_same_person_applies_again_as_the_same_citizen(city: City) -> None:
    ana = clerk(city)
    ana.create_application(MEI)
    person = search(city, document_number=MEI.document_number)[0][0]
    assert enrolled(city) == person


def test_a_document_number_of_somebody_else_is_refused(city: City) -> None:
    person = enrolled(city)
    other = MEI.model_copy(update={"name": "王小明", "birth_date": date(1990, 1, 1)})
    with pytest.raises(ServiceProblem) as caught:
        clerk(city).create_application(other)
    problem = caught.value.problem
    assert (problem.code, problem.status) == ("person-enrolled", 409)
    assert problem.data == {"person_id": str(person), "differs": ["birth_date", "name"]}
    assert "王" not in problem.model_dump_json()


def test_a_correction_keeps_what_was_known_and_finds_the_new_name(city: City) -> None:
    person, ana = enrolled(city), clerk(city)
    done = ana.correct_person(
        person, CorrectionRequest(cause=CorrectionCause.NAME_CHANGE, reference="C-9", name="陳美齡")
    )
    assert (done.changed, done.card_needed) == (["name"], True)
    assert (done.record.person.name, done.record.corrections) == ("陳美齡", 1)
    assert search(city, name="陳美齡") == [(person, Match.NAME)]
    assert search(city, name="陳美玲") == [(person, Match.SOUND)]
    (version,) = ana.person_versions(person, Purpose.SUPERVISION).versions
    assert (version.person, version.corrected_by, version.cause) == (MEI, "ana", CorrectionCause.NAME_CHANGE)
    (entry,) = city.audit("person.correct")
    assert entry.detail == {"cause": "name-change", "changed": ["name"], "reference": "C-9"}


def test_a_move_needs_no_card_and_a_new_document_is_found(city: City) -> None:
    person, ana = enrolled(city), clerk(city)
    assert not ana.correct_person(person, CorrectionRequest(cause=CorrectionCause.MOVE, district="coloane")).card_needed
    request = CorrectionRequest(cause=CorrectionCause.NEW_DOCUMENT, document_number="M7777777")
    assert not ana.correct_person(person, request).card_needed
    assert search(city, document_number="M7777777") == [(person, Match.DOCUMENT_NUMBER)]
    assert search(city, document_number=MEI.document_number) == []
    assert ana.open_person(person, LOOK).corrections == 2


def test_a_correction_that_changes_nothing_or_takes_another_ones_document_is_refused(city: City) -> None:
    person, ana = enrolled(city), clerk(city)
    enrolled(city, SHAN)
    same = CorrectionRequest(cause=CorrectionCause.TYPING_ERROR, name=MEI.name)
    assert refused(ana.correct_person, person, same) == ("nothing-to-correct", 409)
    taken = CorrectionRequest(cause=CorrectionCause.NEW_DOCUMENT, document_number=SHAN.document_number)
    assert refused(ana.correct_person, person, taken) == ("person-enrolled", 409)
    assert ana.open_person(person, LOOK).corrections == 0
    assert {entry.outcome for entry in city.audit("request")} == {"nothing-to-correct", "person-enrolled"}


def test_guardians_of_a_minor(city: City) -> None:
    mother, child, ana = enrolled(city), enrolled(city, CHILD), clerk(city)
    (guardian,) = ana.appoint_guardian(child, mother, Relation.PARENT)
    assert (guardian.guardian_id, guardian.relation) == (mother, Relation.PARENT)
    assert ana.open_person(child, LOOK).guardians == [guardian]
    assert ana.dismiss_guardian(child, mother) == []
    assert {entry.citizen_id for entry in city.audit("guardian.appoint")} == {mother, child}


def test_guardians_who_cannot_be(city: City) -> None:
    mother, child, ana = enrolled(city), enrolled(city, CHILD), clerk(city)
    cases = [
        (child, child, Relation.GUARDIAN, "same-person"),
        (mother, child, Relation.GUARDIAN, "guardian-is-minor"),
        (mother, enrolled(city, SHAN), Relation.PARENT, "person-of-age"),
    ]
    for ward, guardian, relation, reason in cases:
        with pytest.raises(ServiceProblem) as caught:
            ana.appoint_guardian(ward, guardian, relation)
        assert (caught.value.problem.code, caught.value.problem.data) == ("guardian-refused", {"reason": reason})
    ana.appoint_guardian(child, mother, Relation.PARENT)
    assert refused(ana.appoint_guardian, child, mother, Relation.GUARDIAN) == ("guardian-refused", 422)
    assert refused(ana.dismiss_guardian, mother, child) == ("guardian-refused", 422)
    assert refused(ana.appoint_guardian, uuid4(), mother, Relation.PARENT) == ("no-such-citizen", 404)


def test_citizens_read_at_a_kiosk_who_looked_at_their_data(city: City) -> None:
    card, kiosk, ana = city.card(), city.caller("kiosk-1"), clerk(city)
    ana.open_person(card.citizen_id, Purpose.SUPERVISION)
    (challenge,) = kiosk.challenges(Level.PIN)
    visit = kiosk.authenticate(card.prove(challenge))
    history = kiosk.own_access_history(visit.visit_token)
    assert [(entry.number, entry.event, entry.actor, entry.purpose) for entry in history.entries] == [
        (2, "authentication", "kiosk-1", None),
        (1, "person.open", "ana", "supervision"),
    ]
    assert history.total == 2
    later = kiosk.own_access_history(visit.visit_token, encode_base64url(b"2"))
    assert [entry.number for entry in later.entries] == [1]
    assert later.total == 3  # reading it is on record too
    assert ana.access_history(card.citizen_id).entries[0].event == "access-history.read"


def test_a_tap_does_not_tell_who_looked(city: City) -> None:
    card, kiosk = city.card(), city.caller("kiosk-1")
    (challenge,) = kiosk.challenges(Level.TAP)
    visit = kiosk.authenticate(card.prove(challenge))
    with pytest.raises(ServiceProblem) as caught:
        kiosk.own_access_history(visit.visit_token)
    problem = caught.value.problem
    assert (problem.code, problem.status, problem.data) == ("step-up-required", 401, {"acr_values": "pin"})
    assert refused(kiosk.own_access_history, "made-up") == ("visit-unknown", 404)
    assert refused(city.caller("kiosk-2").own_access_history, visit.visit_token)[1] == 403


def test_nothing_personal_stands_in_logs_urls_or_the_database(city: City) -> None:
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    person, ana = enrolled(city), clerk(city)
    ana.search_people(SearchRequest(purpose=LOOK, name="chen meiling", birth_date=MEI.birth_date))
    ana.search_people(SearchRequest(purpose=LOOK, document_number=MEI.document_number))
    ana.find_duplicates(MEI)
    ana.correct_person(person, CorrectionRequest(cause=CorrectionCause.NAME_CHANGE, name="陳美齡"))
    refused(ana.create_application, MEI)
    written = json.dumps([{name: str(value) for name, value in entry.items()} for entry in capture.entries])
    with reading(city.services.sessions) as session:
        tables = ("audit_records", "citizens", "search_tokens", "person_versions", "applications")
        stored = "".join(str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in tables)  # noqa: S608 (ours)
    for known in ("陳美", "CHAN", "chen meiling", "meiling", MEI.document_number, MEI.birth_date.isoformat()):
        assert known not in written
        assert known not in stored
        assert known.encode().hex() not in stored


def test_repr_of_what_holds_names_shows_none(sqlite_city: City) -> None:
    person = enrolled(sqlite_city)
    request = SearchRequest(purpose=LOOK, name="陳美玲", birth_date=MEI.birth_date)
    correction = CorrectionRequest(cause=CorrectionCause.MOVE, name="陳美玲", document_number=MEI.document_number)
    record = clerk(sqlite_city).open_person(person, LOOK)
    found = clerk(sqlite_city).search_people(request)
    for said in (repr(request), repr(correction), repr(record), repr(found), repr(Occasion(purpose=LOOK))):
        assert "陳" not in said
        assert "M1234567" not in said
        assert "4567" not in said
        assert "1988" not in said
