"""Erasing people: two officers, nothing in use, nothing left; the audit log stays, and a restore cannot undo it."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from cardsvc.approvals.models import Approval
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.citizens import erasing
from cardsvc.citizens.erasing import list_erasures, note_erasure, read_erasures, replay_erasures
from cardsvc.citizens.models import Citizen, Document, Erasure, Guardianship, PersonVersion, Photo, SearchToken
from cardsvc.citizens.service import enrol
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.issuance.models import Application
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState, CardState, Person
from cardsvc.wire.people import (
    CorrectionCause,
    CorrectionRequest,
    DocumentKind,
    Purpose,
    Relation,
    SearchRequest,
)
from tests.fixtures.issuance import MEI
from tests.fixtures.pictures import PDF, picture
from tests.fixtures.proofs import City

CHILD = Person(name="陳小玲", birth_date=date(2020, 6, 1), document_number="M3333333", district="hengqin")


class Office:
    """Two officers, and a person about whom there is one of everything."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.ana = city.caller("ana", CallerKind.OFFICER)
        self.bo = city.caller("bo", CallerKind.OFFICER)

    def full_record(self) -> UUID:
        application = self.ana.create_application(MEI).id
        with transaction(self.city.services.sessions) as session:
            person = session.scalars(select(Citizen.id)).one()
            child = enrol(session, self.city.services.keystore, CHILD, self.city.clock()).id
        self.ana.store_photo(person, picture())
        self.ana.attach_document(application, DocumentKind.OTHER, PDF)
        self.ana.correct_person(person, CorrectionRequest(cause=CorrectionCause.NAME_CHANGE, name="陳美齡"))
        self.ana.appoint_guardian(child, person, Relation.PARENT)
        self._end(application)
        return person

    def _end(self, application_id: UUID) -> None:
        with transaction(self.city.services.sessions) as session:
            session.get_one(Application, application_id).state = ApplicationState.CANCELLED

    def approve(self, person: UUID) -> None:
        token = self.ana.access_token()
        body = {"kind": "erasure", "subject_id": str(person), "reason": "asked for it"}
        asked = self.city.http().post("/v1/approvals", json=body, headers={"Authorization": f"Bearer {token}"})
        assert asked.status_code == 201, asked.text
        decided = self.city.http().post(
            f"/v1/approvals/{asked.json()['id']}/approve", headers={"Authorization": f"Bearer {self.bo.access_token()}"}
        )
        assert decided.status_code == 200, decided.text

    def enrolled(self) -> UUID:
        with transaction(self.city.services.sessions) as session:
            return enrol(session, self.city.services.keystore, MEI, self.city.clock()).id


@pytest.fixture
def office(city: City) -> Office:
    return Office(city)


@pytest.fixture
def sqlite_office(sqlite_city: City) -> Office:
    return Office(sqlite_city)


def refusal(caller: ServiceClient, person: UUID) -> tuple[str, int]:
    with pytest.raises(ServiceProblem) as caught:
        caller.erase_person(person)
    return caught.value.problem.code, caught.value.problem.status


def test_nothing_is_left_of_a_person_but_the_audit_log(office: Office) -> None:
    person = office.full_record()
    office.approve(person)
    with reading(office.city.services.sessions) as session:
        before = session.scalar(select(func.count()).select_from(AuditRecord).where(AuditRecord.citizen_id == person))
    done = office.ana.erase_person(person)
    assert (done.id, done.requested_by, done.approved_by) == (person, "ana", "bo")
    with reading(office.city.services.sessions) as session:
        citizen = session.get_one(Citizen, person)
        assert (citizen.wrapped_key, citizen.sealed_person, citizen.document_token) == (None, b"", None)
        for table in (SearchToken, Photo, Document, PersonVersion):
            rows = select(func.count()).select_from(table).where(table.citizen_id == person)
            assert session.scalar(rows) == 0, table
        assert session.scalar(select(func.count()).select_from(Guardianship)) == 0
        numbers = session.scalars(
            select(AuditRecord.citizen_counter).where(AuditRecord.citizen_id == person).order_by(AuditRecord.id)
        ).all()
        assert sorted(number or 0 for number in numbers) == list(range(1, (before or 0) + 3))
        assert set(session.scalars(select(Approval.reason)).all()) == {""}
    for call in (office.ana.open_person, office.ana.open_photo, office.ana.person_versions):
        with pytest.raises(ServiceProblem) as caught:
            call(person, Purpose.SUPERVISION)
        assert (caught.value.problem.code, caught.value.problem.status) == ("person-erased", 410)
    search = SearchRequest(purpose=Purpose.APPLICATION, document_number=MEI.document_number)
    assert office.ana.search_people(search).people == []


def test_an_erased_person_may_be_enrolled_anew(office: Office) -> None:
    person = office.enrolled()
    office.approve(person)
    office.ana.erase_person(person)
    assert office.enrolled() != person


def test_erasing_takes_two_people(office: Office) -> None:
    person = office.enrolled()
    assert refusal(office.ana, person) == ("not-approved", 403)
    office.approve(person)
    assert refusal(office.bo, person) == ("same-person", 403)
    office.ana.erase_person(person)
    assert refusal(office.ana, person) == ("person-erased", 410)


def test_an_approval_of_another_person_or_of_yesterday_does_not_count(office: Office) -> None:
    person = office.enrolled()
    with transaction(office.city.services.sessions) as session:
        other = enrol(session, office.city.services.keystore, CHILD, office.city.clock()).id
    office.approve(other)
    assert refusal(office.ana, person)[0] == "not-approved"
    office.city.clock.advance(days=2)
    assert refusal(office.ana, other)[0] == "approval-expired"


@pytest.mark.parametrize(
    "state",
    [CardState.ACTIVE, CardState.HELD, CardState.SEALED, CardState.DELIVERED, CardState.RESERVED],
)
def test_whoever_has_a_card_is_not_erased(sqlite_office: Office, state: CardState) -> None:
    card = sqlite_office.city.card(state)
    sqlite_office.approve(card.citizen_id)
    with pytest.raises(ServiceProblem) as caught:
        sqlite_office.ana.erase_person(card.citizen_id)
    assert (caught.value.problem.code, caught.value.problem.data) == ("person-needed", {"cards": 1, "applications": 0})
    sqlite_office.city.put_in_state(card, CardState.REVOKED)
    sqlite_office.ana.erase_person(card.citizen_id)


def test_whoever_has_an_open_application_is_not_erased(office: Office) -> None:
    office.ana.create_application(MEI)
    with reading(office.city.services.sessions) as session:
        person = session.scalars(select(Citizen.id)).one()
    office.approve(person)
    with pytest.raises(ServiceProblem) as caught:
        office.ana.erase_person(person)
    assert caught.value.problem.data == {"cards": 0, "applications": 1}


def test_only_an_officer_who_may_erase_does(sqlite_office: Office) -> None:
    person = sqlite_office.enrolled()
    kiosk = sqlite_office.city.caller("kiosk-1")
    assert refusal(kiosk, person) == ("insufficient-scope", 403)
    assert refusal(sqlite_office.ana, uuid4()) == ("no-such-citizen", 404)


def test_a_restore_replays_erasures(office: Office) -> None:
    """As if the database of before the erasure had come back: the key, the tokens, and no list."""
    city = office.city
    person = office.full_record()
    with reading(city.services.sessions) as session:
        citizen = session.get_one(Citizen, person)
        key, sealed = citizen.wrapped_key, citizen.sealed_person
    office.approve(person)
    office.ana.erase_person(person)
    with transaction(city.services.sessions) as session:
        (noted,) = list_erasures(session)
        session.delete(session.get_one(Erasure, person))
        restored = session.get_one(Citizen, person)
        restored.wrapped_key, restored.sealed_person = key, sealed
    listed = list(read_erasures(city.services.settings.erasures_file))
    assert listed == [noted]
    assert office.ana.open_person(person, Purpose.SUPERVISION).person.document_number == MEI.document_number
    for expected in (1, 0):
        with transaction(city.services.sessions) as session:
            assert replay_erasures(session, listed, actor="ceremony", now=city.clock()) == expected
    with pytest.raises(ServiceProblem) as caught:
        office.ana.open_person(person, Purpose.SUPERVISION)
    assert caught.value.problem.code == "person-erased"
    assert [entry.citizen_id for entry in city.audit("person.erase-again")] == [person]
    with reading(city.services.sessions) as session:
        assert list_erasures(session) == [noted]


def test_whoever_was_enrolled_after_the_backup_is_passed_over(sqlite_office: Office) -> None:
    city = sqlite_office.city
    person = sqlite_office.enrolled()
    sqlite_office.approve(person)
    sqlite_office.ana.erase_person(person)
    with transaction(city.services.sessions) as session:
        (noted,) = list_erasures(session)
        stranger = erasing.ErasedPerson(uuid4(), noted.erased_at, "ana", "bo")
        assert replay_erasures(session, [stranger], actor="ceremony", now=city.clock()) == 0
        assert list_erasures(session) == [noted]


def test_without_the_list_outside_nobody_is_erased(sqlite_office: Office) -> None:
    """A restore must know of every erasure: one that cannot be noted does not take place."""
    person = sqlite_office.enrolled()
    sqlite_office.approve(person)
    sqlite_office.city.services.settings.erasures_file.mkdir()
    assert refusal(sqlite_office.ana, person) == ("internal-error", 500)
    assert sqlite_office.ana.open_person(person, Purpose.SUPERVISION).person == MEI


def test_the_list_outside_is_read_as_it_was_written(sqlite_office: Office) -> None:
    path = sqlite_office.city.services.settings.erasures_file.parent / "new" / "list.jsonl"
    erased = [erasing.ErasedPerson(uuid4(), sqlite_office.city.clock(), "ana", "bo") for _ in range(3)]
    assert list(read_erasures(path)) == []
    for entry in erased:
        note_erasure(path, entry)
    assert list(read_erasures(path)) == erased
    assert path.stat().st_mode & 0o077 == 0


def test_the_kind_of_approval_has_a_subject_that_must_be_there(sqlite_office: Office) -> None:
    body = {"kind": ApprovalKind.ERASURE, "subject_id": str(uuid4()), "reason": "x"}
    token = sqlite_office.ana.access_token()
    asked = sqlite_office.city.http().post("/v1/approvals", json=body, headers={"Authorization": f"Bearer {token}"})
    assert asked.status_code == 404
