"""Places at schools: signed applications, rounds, neighbours first, and never more places than there are."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from cardsvc.wire.manifest import Language
from kiosk.departments.contract.declaration import NewCase
from kiosk.departments.contract.inbox.cases import CaseRefused, open_case
from kiosk.departments.contract.inbox.cases import settle as settle_case
from kiosk.departments.contract.inbox.models import Case, Officer
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.education import department as education
from kiosk.departments.education.models import PlaceApplication, Places, Wish
from kiosk.departments.education.places import Applicant, AppliedAlready, apply
from kiosk.departments.education.school_place import SCHOOL_PLACE, VERDICTS
from tests.fixtures.departments import Counter
from tests.fixtures.desks import Desk, Opener
from tests.fixtures.proofs import WEI

ENTERED = {"child": "M7654321", "born": "2020-01-15", "first": "qinglu", "second": "taipa-bridge", "third": "none"}
ROUND = "2026-primary"
OPEN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
OVER = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
"""The first moment of April in the city."""


@pytest.fixture
def schools(opener: Opener) -> Iterator[Desk]:
    with opener(education) as desk:
        yield desk


def close_round(schools: Desk) -> None:
    schools.bureau.city.clock.now = OVER


class TestSigned:
    def test_an_officer_offers_a_place_and_the_citizen_hears_where(self, schools: Desk) -> None:
        outcome = schools.sign("school-place", ENTERED)
        assert schools.rows(PlaceApplication.receipt, PlaceApplication.applicant, PlaceApplication.state) == [
            (outcome.receipt, WEI.document_number, "open")
        ]
        assert schools.how_it_stands() == ["We are working on it"]

        close_round(schools)
        schools.decide("offered")
        assert schools.rows(PlaceApplication.state, PlaceApplication.school) == [("offered", "qinglu")]
        assert schools.how_it_stands() == [VERDICTS["offered"][Language.ENGLISH], "Qinglu School"]

    def test_the_document_ranks_the_schools(self, schools: Desk) -> None:
        said = schools.prepare("school-place", ENTERED).document.decode().splitlines()

        assert {
            "The child's document: M7654321",
            "Lives in: taipa",
            "First choice: Qinglu School",
            "Second choice: Taipa Bridge School",
            "The round ends on: 2026-03-31",
        } < set(said)
        assert not any(line.startswith("Third choice") for line in said)
        assert schools.rows(PlaceApplication.receipt) == schools.rows(Wish.school) == []

    def test_nothing_is_decided_while_the_round_is_open(self, schools: Desk) -> None:
        schools.sign("school-place", ENTERED)
        with pytest.raises(CaseRefused, match="round is still open"):
            schools.decide("offered")

        assert schools.rows(PlaceApplication.state) == [("open",)]
        assert schools.rows(Case.verdict) == [(None,)]

    def test_a_child_has_one_application_and_another_after_a_refusal(self, schools: Desk) -> None:
        schools.sign("school-place", ENTERED)
        assert schools.not_prepared("school-place", {**ENTERED, "first": "tianmu-river"}) == "applied-already"
        schools.decide("refused")
        schools.sign("school-place", ENTERED)

        assert sorted(schools.rows(PlaceApplication.state)) == [("open",), ("refused",)]

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"second": "qinglu"}, "school-named-twice"),
            ({"born": "2020-09-01"}, "no-round"),
            ({"born": "2019-08-31"}, "no-round"),
            ({"born": "2021-01-15"}, "no-round"),
            ({"child": "m 1"}, "input-refused"),
            ({"born": "2020-02-30"}, "input-refused"),
            ({"born": "20200115"}, "input-refused"),
            ({"first": "none"}, "input-refused"),
        ],
    )
    def test_what_cannot_be_applied_for_is_refused_before_anybody_signs(
        self, schools: Desk, changed: dict[str, str], code: str
    ) -> None:
        assert schools.not_prepared("school-place", {**ENTERED, **changed}) == code

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    def test_who_is_too_late_does_not_sign(self, schools: Desk) -> None:
        close_round(schools)
        assert schools.not_prepared("school-place", ENTERED) == "no-round"


def put_in(library: Counter, number: int, district: str, *schools: str) -> str:
    """An application with its case; its receipt."""
    receipt = f"ED-TEST-{number:04}"
    who = Applicant(receipt, "M1234567", f"CHILD{number:04}", date(2020, 1, 15), district)
    with library.office.sessions.begin() as session:
        apply(session, who, schools, OPEN)
        open_case(session, NewCase(()), receipt=receipt, service="school-place", pseudonym=f"p{number}", now=OPEN)
    return receipt


def decide(library: Counter, receipt: str, verdict: str = "offered") -> str | None:
    """As an officer does; the school at which there is a place, None where the verdict was not taken."""
    try:
        with library.office.sessions.begin() as session:
            case = session.scalars(select(Case.id).where(Case.receipt == receipt)).one()
            settle_case(session, SCHOOL_PLACE, case, verdict, note="", officer="rosa", now=OVER)
            return session.get_one(PlaceApplication, receipt).school
    except CaseRefused:
        return None


@pytest.fixture
def officers(library: Counter) -> Counter:
    with library.office.sessions.begin() as session:
        session.add(Officer(name="rosa"))
    return library


def leave(officers: Counter, school: str, places: int) -> None:
    with officers.office.sessions.begin() as session:
        session.execute(update(Places).where(Places.round == ROUND, Places.school == school).values(capacity=places))


def offered(officers: Counter) -> dict[str, int]:
    with officers.office.sessions() as session:
        rows: Any = session.execute(select(Places.school, Places.offered).where(Places.round == ROUND))
        return {school: count for school, count in rows if count}


class TestPlaces:
    def test_the_next_school_is_offered_where_the_first_is_full(self, officers: Counter) -> None:
        leave(officers, "hengqin-first", 1)
        for number, school in enumerate(("hengqin-first", "tianmu-river")):
            assert decide(officers, put_in(officers, number, "hengqin", "hengqin-first", "tianmu-river")) == school
        assert offered(officers) == {"hengqin-first": 1, "tianmu-river": 1}

    def test_neighbours_come_first(self, officers: Counter) -> None:
        leave(officers, "qinglu", 1)
        stranger = put_in(officers, 1, "hengqin", "qinglu")
        neighbour = put_in(officers, 2, "xiangzhou", "tianmu-river", "qinglu")
        assert decide(officers, stranger) is None

        assert decide(officers, neighbour) == "tianmu-river"
        assert decide(officers, stranger) == "qinglu", "no neighbour waits any more"

    def test_where_there_is_no_place_the_officer_can_only_refuse(self, officers: Counter) -> None:
        leave(officers, "qinglu", 0)
        receipt = put_in(officers, 1, "xiangzhou", "qinglu")
        assert decide(officers, receipt) is None
        decide(officers, receipt, "refused")

        with officers.office.sessions() as session:
            assert session.get_one(PlaceApplication, receipt).state == "refused"
        assert offered(officers) == {}

    def test_a_hundred_verdicts_at_once_give_away_the_places_there_are(self, officers: Counter) -> None:
        leave(officers, "qinglu", 7)
        leave(officers, "taipa-bridge", 5)
        receipts = [put_in(officers, number, "doumen", "qinglu", "taipa-bridge") for number in range(100)]
        with ThreadPoolExecutor(8) as pool:
            schools = list(pool.map(lambda receipt: decide(officers, receipt), receipts))

        assert {school: schools.count(school) for school in set(schools)} == {"qinglu": 7, "taipa-bridge": 5, None: 88}
        assert offered(officers) == {"qinglu": 7, "taipa-bridge": 5}
        with officers.office.sessions() as session:
            open_ = select(func.count()).select_from(PlaceApplication).where(PlaceApplication.state == "open")
            undecided = select(func.count()).select_from(Case).where(Case.verdict.is_(None))
            assert (session.scalar(open_), session.scalar(undecided)) == (88, 88)

    def test_a_hundred_at_once_for_one_child_make_one_application(self, officers: Counter) -> None:
        def once(number: int) -> bool:
            who = Applicant(f"ED-{number:04}", "M1234567", "CHILD0001", date(2020, 1, 15), "hengqin")
            try:
                in_transaction(officers.office.sessions, lambda session: apply(session, who, ["qinglu"], OPEN))
            except AppliedAlready:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(once, range(100)))
        assert made.count(True) == 1
        with officers.office.sessions() as session:
            assert session.scalar(select(func.count()).select_from(PlaceApplication)) == 1
