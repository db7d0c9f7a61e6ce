"""Check-in and balance, asked for over HTTP and looked up in the department's own database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from kiosk.departments.contract.keeping import KeptAnswer, SpentAssertion
from kiosk.departments.medical_insurance.models import (
    Account,
    Base,
    Booking,
    ClinicDay,
    ComplaintCount,
    Entry,
    Ticket,
)
from tests.fixtures.departments import CityTime, Counter

FEVER = {"clinic": "hengqin-hospital", "complaint_group": "fever"}
COUGH = {"clinic": "hengqin-hospital", "complaint_group": "respiratory"}


def rows(counter: Counter, *columns: Any) -> list[tuple[Any, ...]]:
    with counter.office.sessions() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def number(response: httpx.Response) -> int:
    assert response.status_code == 200, response.text
    return int(prominent(response))


def prominent(response: httpx.Response) -> str:
    (value,) = [field["value"] for field in response.json()["fields"] if field["prominent"]]
    return str(value)


def all_at_once(times: int, ask: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(ask, range(times)))


def test_check_in_gives_a_ticket_and_records_it(clinic: Counter) -> None:
    response = clinic.ask("clinic-check-in", FEVER, attributes={"district": "hengqin"})

    assert number(response) == 1
    outcome = response.json()
    assert outcome["fields"][1]["value"]["zh-Hans"] == "横琴医院"
    assert response.headers["cache-control"] == "no-store"
    assert rows(clinic, Ticket.clinic, Ticket.number, Ticket.pseudonym, Ticket.issued_at) == [
        ("hengqin-hospital", 1, "pseudonym-of-li-wei", clinic.clock.now)
    ]
    assert [kept.receipt for kept in _kept(clinic)] == [outcome["receipt"]]


def _kept(counter: Counter) -> list[KeptAnswer]:
    with counter.office.sessions() as session:
        return list(session.scalars(select(KeptAnswer)))


def test_complaints_are_counted_by_district_and_iso_week(clinic: Counter) -> None:
    clinic.ask("clinic-check-in", FEVER, attributes={"district": "hengqin"})
    clinic.ask("clinic-check-in", FEVER, attributes={"district": "hengqin"}, sub="somebody else")
    clinic.ask("clinic-check-in", COUGH, attributes={"district": "xiangzhou"})
    clinic.ask("clinic-check-in", COUGH, attributes={})

    count = ComplaintCount
    assert rows(clinic, count.district, count.iso_year, count.iso_week, count.complaint_group, count.check_ins) == [
        ("hengqin", 2026, 10, "fever", 2),
        ("undisclosed", 2026, 10, "respiratory", 1),
        ("xiangzhou", 2026, 10, "respiratory", 1),
    ]


def test_the_iso_year_is_not_always_the_calendar_year(clinic: Counter) -> None:
    clinic.clock.now = CityTime().now.replace(year=2027, month=1, day=1)
    clinic.ask("clinic-check-in", FEVER)

    assert rows(clinic, ComplaintCount.iso_year, ComplaintCount.iso_week) == [(2026, 53)]


def test_what_somebody_came_for_stands_nowhere_beside_the_pseudonym(clinic: Counter) -> None:
    keys = [str(uuid4()) for _ in range(3)]
    for key in keys:
        clinic.ask("clinic-check-in", FEVER, key=key)

    with clinic.office.sessions() as session:
        for table in (*Base.metadata.sorted_tables, KeptAnswer.__table__, SpentAssertion.__table__):
            for row in session.execute(select(table)):
                assert not ("fever" in str(row) and "pseudonym" in str(row)), table
                assert not any(key in str(row) for key in keys), table


def test_each_clinic_and_each_day_of_the_city_counts_from_one(clinic: Counter) -> None:
    elsewhere = {**FEVER, "clinic": "xiaohengqin-clinic"}

    assert number(clinic.ask("clinic-check-in", FEVER)) == 1
    assert number(clinic.ask("clinic-check-in", FEVER)) == 2
    assert number(clinic.ask("clinic-check-in", elsewhere)) == 1
    clinic.clock.forward(hours=11, minutes=59)  # still the same day in the city, though not everywhere
    assert number(clinic.ask("clinic-check-in", FEVER)) == 3
    clinic.clock.forward(minutes=1)  # midnight in the city, 16:00 UTC
    assert number(clinic.ask("clinic-check-in", FEVER)) == 1


def test_a_hundred_at_once_get_a_hundred_numbers_without_a_gap(clinic: Counter) -> None:
    answers = all_at_once(100, lambda person: clinic.ask("clinic-check-in", FEVER, sub=f"person {person}"))

    assert sorted(number(answer) for answer in answers) == list(range(1, 101))
    assert rows(clinic, ClinicDay.last_number) == [(100,)]
    assert len(set(rows(clinic, Ticket.number, Ticket.pseudonym))) == 100
    assert rows(clinic, ComplaintCount.check_ins) == [(100,)]


def test_one_request_fifty_times_at_once_is_done_once(clinic: Counter) -> None:
    key = uuid4()
    assertion = clinic.service.assertion(clinic.department, "clinic-check-in")
    answers = all_at_once(50, lambda _: clinic.ask("clinic-check-in", FEVER, key=key, assertion=assertion))

    assert len({answer.text for answer in answers}) == 1
    assert number(answers[0]) == 1
    assert rows(clinic, Ticket.number) == [(1,)]
    assert rows(clinic, ComplaintCount.check_ins) == [(1,)]


def test_a_ticket_that_could_not_be_written_leaves_no_gap(clinic: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken, capture_logs():
        broken.setattr("kiosk.departments.medical_insurance.clinics._count", _fail)
        assert clinic.ask("clinic-check-in", FEVER).status_code == 500

    assert rows(clinic, KeptAnswer.id) == rows(clinic, SpentAssertion.id) == rows(clinic, Ticket.id) == []
    assert number(clinic.ask("clinic-check-in", FEVER)) == 1


def _fail(*_: object) -> None:
    raise RuntimeError("the disk is full")


def test_the_balance_is_what_the_ledger_holds(clinic: Counter) -> None:
    response = clinic.ask("balance", {}, acr="pin")

    assert prominent(response) == "CNY 150.00"
    with clinic.office.sessions() as session:
        held = session.execute(
            select(Account.owner, func.sum(Entry.amount)).join(Account).group_by(Account.owner).order_by(Account.owner)
        ).all()
    assert [tuple(row) for row in held] == [("fund:contributions", -150_00), ("pseudonym-of-li-wei", 150_00)]


def test_the_contribution_is_paid_once_a_year(clinic: Counter) -> None:
    for _ in range(3):
        assert prominent(clinic.ask("balance", {}, acr="pin")) == "CNY 150.00"
    clinic.clock.forward(days=365)
    assert prominent(clinic.ask("balance", {}, acr="pin")) == "CNY 300.00"
    assert prominent(clinic.ask("balance", {}, acr="pin", sub="somebody else")) == "CNY 150.00"


def test_many_first_looks_at_once_open_one_account(clinic: Counter) -> None:
    answers = all_at_once(30, lambda _: clinic.ask("balance", {}, acr="pin"))

    assert {prominent(answer) for answer in answers} == {"CNY 150.00"}
    assert len(rows(clinic, Booking.id)) == 1
    with clinic.office.sessions() as session:
        assert session.scalar(select(func.sum(Entry.amount))) == 0


def test_the_balance_needs_the_pin(clinic: Counter) -> None:
    response = clinic.ask("balance", {}, acr="tap")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == ('Bearer error="insufficient_user_authentication", acr_values="pin"')
    assert response.json()["acr_values"] == "pin"
    assert rows(clinic, Account.id) == []


def claims_of(clinic: Counter, document: str) -> tuple[str, list[Any]]:
    outcome = clinic.ask("claims", {}, acr="pin", attributes={"document_number": document}).json()
    said = [value if isinstance(value := field["value"], str) else value["en"] for field in outcome["fields"]]
    return outcome["title"]["en"], said


def test_claims_of_two_years_add_up(clinic: Counter) -> None:
    """212.40 + 64.00 + 1480.75 = 1757.15 and 53.10 + 16.00 + 370.20 = 439.30."""
    title, said = claims_of(clinic, "M1234567")

    assert title == "Your claims"
    assert said == [
        "CNY 1,757.15",
        "CNY 439.30",
        "CNY 1,850.95, of which you pay CNY 370.20",
        "CNY 80.00, of which you pay CNY 16.00",
        "CNY 265.50, of which you pay CNY 53.10",
    ]


def test_a_claim_is_shown_for_two_years(clinic: Counter) -> None:
    """The oldest treatment was on 2024-11-07: 730 days later is 2026-11-07."""
    clinic.clock.now = CityTime().now.replace(month=11, day=7)
    assert len(claims_of(clinic, "M1234567")[1]) == 5
    clinic.clock.forward(days=1)
    assert claims_of(clinic, "M1234567")[1][:2] == ["CNY 1,544.75", "CNY 386.20"]


def test_whoever_has_no_claims_hears_that(clinic: Counter) -> None:
    assert claims_of(clinic, "X0000001") == ("There are no claims of the last two years", [])


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_claims_need_the_pin(clinic: Counter) -> None:
    assert clinic.refused("claims", {})["type"] == "step-up-required"
