"""Loans and returns, asked for over HTTP and looked up in the department's own database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.departments.education.catalogue import FIRST_ITEMS
from kiosk.departments.education.models import Item, Loan
from tests.fixtures.departments import Counter

BOOK, OTHER_BOOK, *_ = ({"barcode": barcode} for barcode in FIRST_ITEMS)


def loans(library: Counter) -> list[tuple[Any, ...]]:
    with library.office.sessions() as session:
        columns = (Loan.barcode, Loan.borrower, Loan.due_on, Loan.returned_at)
        return [tuple(row) for row in session.execute(select(*columns).order_by(Loan.lent_at, Loan.id))]


def test_a_loan_is_recorded_with_its_due_date(library: Counter) -> None:
    response = library.ask("library-loan", BOOK)

    assert response.status_code == 200
    assert [field["value"] for field in response.json()["fields"]] == ["三国演义", "2026-03-23"]
    assert loans(library) == [(BOOK["barcode"], "pseudonym-of-li-wei", date(2026, 3, 23), None)]


def test_an_item_that_is_out_is_refused_in_every_language(library: Counter) -> None:
    library.ask("library-loan", BOOK, sub="somebody else")
    problem = library.refused("library-loan", BOOK)

    assert (problem["type"], problem["status"]) == ("item-on-loan", 409)
    assert set(problem["message"]) == {"en", "zh-Hans", "pt"}
    assert len(loans(library)) == 1


def test_a_second_item_is_refused(library: Counter) -> None:
    library.ask("library-loan", BOOK)

    assert library.refused("library-loan", OTHER_BOOK)["type"] == "loan-limit-reached"
    assert len(loans(library)) == 1


def test_the_same_item_again_is_on_loan(library: Counter) -> None:
    library.ask("library-loan", BOOK)

    assert library.refused("library-loan", BOOK)["type"] == "item-on-loan"


@pytest.mark.parametrize(
    ("barcode", "refusal", "status"),
    [
        ("30519000000012", "barcode-misread", 409),
        ("30519000009996", "item-unknown", 409),
        ("20519000000011", "input-refused", 422),
        ("3051900000001", "input-refused", 422),
        ("30519000000011\n", "input-refused", 422),
        ("３0519000000011", "input-refused", 422),
    ],
)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("code", ["library-loan", "library-return"])
def test_a_wrong_barcode_is_refused(library: Counter, code: str, barcode: str, refusal: str, status: int) -> None:
    problem = library.refused(code, {"barcode": barcode})

    assert (problem["type"], problem["status"]) == (refusal, status)
    assert loans(library) == []


def test_what_was_brought_back_can_be_borrowed_again(library: Counter) -> None:
    library.ask("library-loan", BOOK)
    library.clock.forward(days=3)
    back = library.clock.now
    assert library.ask("library-return", BOOK).status_code == 200
    library.clock.forward(days=1)
    assert library.ask("library-loan", BOOK).status_code == 200

    assert [(due_on, returned_at) for _, _, due_on, returned_at in loans(library)] == [
        (date(2026, 3, 23), back),
        (date(2026, 3, 27), None),
    ]


def test_only_the_borrower_brings_back_and_learns_nothing_of_others(library: Counter) -> None:
    library.ask("library-loan", BOOK, sub="somebody else")
    out = library.refused("library-return", BOOK)
    not_out = library.refused("library-return", OTHER_BOOK)

    assert out == not_out
    assert out["type"] == "not-borrowed"
    assert loans(library)[0][3] is None


def test_many_want_the_same_item_at_once_and_one_gets_it(library: Counter) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda person: library.ask("library-loan", BOOK, sub=f"person {person}"), range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] + 39 * [409]
    assert len(loans(library)) == 1


def test_one_borrower_at_many_kiosks_gets_one_item(library: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda barcode: library.ask("library-loan", {"barcode": barcode}), FIRST_ITEMS))

    assert sorted(answer.status_code for answer in answers) == [200] + (len(FIRST_ITEMS) - 1) * [409]
    assert len(loans(library)) == 1


def test_a_no_stays_a_no_under_its_key(library: Counter) -> None:
    library.ask("library-loan", BOOK, sub="somebody else")
    key, assertion = "k" * 16, library.service.assertion(library.department, "library-loan")
    refused = library.ask("library-loan", BOOK, key=key, assertion=assertion)
    library.ask("library-return", BOOK, sub="somebody else")

    assert library.ask("library-loan", BOOK, key=key, assertion=assertion).text == refused.text
    assert library.refused("library-loan", BOOK, assertion=assertion)["type"] == "assertion-replayed"
    assert library.ask("library-loan", BOOK).status_code == 200


def test_seeding_again_changes_nothing(library: Counter) -> None:
    assert library.department.seed is not None
    with library.office.sessions.begin() as session:
        library.department.seed(session)
        assert len(session.scalars(select(Item)).all()) == len(FIRST_ITEMS)
