"""The types of problems are stable, and the page that says what they mean is true."""

from __future__ import annotations

import httpx
import pytest

from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX
from tests.fixtures.problem_table import STATUSES
from tests.fixtures.proofs import City
from tests.pages.problems import PAGE, statuses, write


def test_no_code_is_dropped_or_renamed_or_answered_with_another_status() -> None:
    there = statuses()

    assert {code: there.get(code) for code in STATUSES} == STATUSES, "programs of departments rely on it"
    assert set(there) == set(STATUSES), "a new code goes into the table"


def test_types_keep_their_prefix() -> None:
    assert PROBLEM_TYPE_PREFIX == "urn:citizen-card:problem:"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == write(), "run: make docs"


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("not-found", httpx.Request("GET", "/nowhere")),
        ("method-not-allowed", httpx.Request("DELETE", "/healthz")),
        ("request-too-large", httpx.Request("POST", "/oauth/token", content=bytes(10_000_000))),
        ("invalid-request", httpx.Request("GET", "/status-lists/none")),
    ],
)
def test_what_no_class_stands_for_is_answered_as_the_page_says(
    sqlite_city: City, code: str, request_: httpx.Request
) -> None:
    answer = sqlite_city.http().request(request_.method, request_.url, content=request_.content)

    told = answer.json()
    assert (told["type"], told["status"]) == (PROBLEM_TYPE_PREFIX + code, answer.status_code)
    assert answer.status_code == STATUSES[code]
