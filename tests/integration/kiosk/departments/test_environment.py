"""Recycling slips and reports, over HTTP, looked up in the department's own database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.departments.environment.models import Slip
from kiosk.departments.environment.recycling import FIRST_SLIPS
from tests.fixtures.departments import Counter

SLIP, OTHER_SLIP, *_ = ({"slip": number} for number in FIRST_SLIPS)


def credited(station: Counter) -> list[tuple[Any, ...]]:
    with station.office.sessions() as session:
        columns = (Slip.number, Slip.points, Slip.credited_to, Slip.credited_at)
        return [tuple(row) for row in session.execute(select(*columns).where(Slip.credited_to.is_not(None)))]


def test_points_go_to_whoever_holds_the_slip(station: Counter) -> None:
    response = station.ask("recycling-points", SLIP)

    assert [field["value"] for field in response.json()["fields"]] == ["5"]
    assert credited(station) == [(SLIP["slip"], 5, "pseudonym-of-li-wei", station.clock.now)]


def test_what_was_gathered_before_is_not_said(station: Counter) -> None:
    """At a tap a found card is enough."""
    station.ask("recycling-points", SLIP)

    assert [field["value"] for field in station.ask("recycling-points", OTHER_SLIP).json()["fields"]] == ["12"]


@pytest.mark.parametrize("who", ["pseudonym-of-li-wei", "somebody else"])
def test_a_slip_is_credited_once(station: Counter, who: str) -> None:
    station.ask("recycling-points", SLIP)

    assert station.refused("recycling-points", SLIP, sub=who)["type"] == "slip-spent"
    assert len(credited(station)) == 1


def test_many_come_with_one_slip_and_one_is_credited(station: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: station.ask("recycling-points", SLIP, sub=f"person {who}"), range(24)))

    assert sorted(answer.status_code for answer in answers) == [200] + 23 * [409]
    assert len(credited(station)) == 1


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("number", "refusal", "status"),
    [
        ("702600000014", "slip-misread", 409),
        ("702600009998", "slip-unknown", 409),
        ("302600000013", "input-refused", 422),
        ("70260000001", "input-refused", 422),
    ],
)
def test_a_wrong_number_is_refused(station: Counter, number: str, refusal: str, status: int) -> None:
    problem = station.refused("recycling-points", {"slip": number})

    assert (problem["type"], problem["status"]) == (refusal, status)
    assert credited(station) == []
