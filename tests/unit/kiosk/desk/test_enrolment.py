"""What is said while somebody types: what is wrong, what is missing, which papers are needed."""

from __future__ import annotations

from datetime import date

import pytest

from cardsvc.issuance.rules import RULES
from cardsvc.wire.people import DocumentKind
from kiosk.desk.drafts import Draft, Form, Scan
from kiosk.desk.enrolment import CONSENT_AGE, evidence_for, faults_in, is_minor, lacking, person_of
from kiosk.desk.numbers import Paper

TODAY = date(2026, 11, 29)
GOOD = Form(
    name=" 陈嘉欣 ", name_latin="Chen Jiaxin", birth_date="1949-12-31", number="11010519491231002x",
    district="Hengqin", appointment="A-17",
)  # fmt: skip


def changed(**fields: object) -> Form:
    return GOOD.model_copy(update=fields)


def test_a_good_form_is_a_person() -> None:
    assert faults_in(GOOD, TODAY) == {}
    person = person_of(GOOD)
    assert person is not None
    assert (person.name, person.document_number, person.district) == ("陈嘉欣", "11010519491231002X", "hengqin")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": " "}, {"name": "missing"}),
        ({"name_latin": ""}, {}),
        ({"name_latin": "陈"}, {"name_latin": "not-latin"}),
        ({"birth_date": "1949-02-31"}, {"birth_date": "no-date"}),
        ({"birth_date": "2026-11-30", "paper": Paper.OTHER}, {"birth_date": "implausible-date"}),
        ({"birth_date": "1880-01-01", "paper": Paper.OTHER}, {"birth_date": "implausible-date"}),
        ({"birth_date": "1949-12-30"}, {"number": "number-birth-date"}),
        ({"number": "110105194912310021"}, {"number": "number-check-digit"}),
        ({"number": "1101051949"}, {"number": "number-form"}),
        ({"district": "Heng qin"}, {"district": "district-form"}),
        ({"appointment": "Mrs Chen!"}, {"appointment": "appointment-form"}),
        ({"appointment": ""}, {}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(fields: dict[str, object], fault: dict[str, str]) -> None:
    assert faults_in(changed(**fields), TODAY) == fault


def test_an_empty_form_is_nobody() -> None:
    assert set(faults_in(Form(), TODAY)) == {"name", "birth_date", "number", "district"}
    assert person_of(Form()) is None


def test_minors_are_those_of_the_card_service() -> None:
    assert RULES.consent_age == CONSENT_AGE
    for born in (date(2010, 11, 28), date(2010, 11, 29), date(2010, 11, 30), date(2012, 2, 29), date(1990, 1, 1)):
        assert is_minor(born, TODAY) is RULES.needs_consent(born, TODAY)


def test_papers_by_age() -> None:
    assert evidence_for(GOOD, TODAY) == (DocumentKind.IDENTITY_DOCUMENT, DocumentKind.PROOF_OF_ADDRESS)
    child = Draft(form=changed(birth_date="2020-01-01"))
    child.scans.append(Scan(kind=DocumentKind.PROOF_OF_ADDRESS, file="1"))
    assert lacking(child, TODAY) == [DocumentKind.IDENTITY_DOCUMENT, DocumentKind.BIRTH_CERTIFICATE]
