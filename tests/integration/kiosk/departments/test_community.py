"""Home-care appointments, over HTTP, looked up in the department's own database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from kiosk.departments.community.care import FIRST_CARERS, SLOTS
from kiosk.departments.community.models import Appointment, EntryCount
from tests.fixtures.departments import Counter

NURSE = {"kind": "nursing", "days": 2, "half": "morning"}
POOL = {"place": "pool"}
PLACES = len(FIRST_CARERS) * len(SLOTS["morning"])


def ask(community_centre: Counter, entered: dict[str, Any], **claims: Any) -> httpx.Response:
    return community_centre.ask("home-care", entered, **{"acr": "pin", **claims})


def appointments(community_centre: Counter) -> list[tuple[Any, ...]]:
    with community_centre.office.sessions() as session:
        columns = (Appointment.carer, Appointment.day, Appointment.slot, Appointment.pseudonym)
        return [tuple(row) for row in session.execute(select(*columns).order_by(Appointment.booked_at))]


def test_the_first_free_slot_is_booked(community_centre: Counter) -> None:
    answer = ask(community_centre, NURSE).json()

    assert [field["value"] for field in answer["fields"]][:3] == ["2026-03-04", "08:30", "林美华 Lam Mei Wa"]
    assert appointments(community_centre) == [("hc-01", date(2026, 3, 4), "08:30", "pseudonym-of-li-wei")]


def test_a_tap_is_not_enough(community_centre: Counter) -> None:
    assert community_centre.refused("home-care", NURSE)["type"] == "step-up-required"


def test_one_appointment_a_day(community_centre: Counter) -> None:
    ask(community_centre, NURSE)

    refused = community_centre.refused("home-care", {**NURSE, "half": "afternoon"}, acr="pin")
    assert refused["type"] == "already-booked"
    assert ask(community_centre, {**NURSE, "days": 3}).status_code == 200


def test_a_hundred_at_once_fill_the_morning_and_nothing_is_booked_twice(community_centre: Counter) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda who: ask(community_centre, NURSE, sub=f"person {who}"), range(100)))

    assert sorted(answer.status_code for answer in answers) == PLACES * [200] + (100 - PLACES) * [409]
    assert {answer.json()["type"] for answer in answers if answer.is_error} == {"urn:citizen-card:problem:day-full"}
    taken = appointments(community_centre)
    assert (
        len({(carer, slot) for carer, _, slot, _ in taken}) == len({who for *_, who in taken}) == len(taken) == PLACES
    )


def test_one_person_at_many_kiosks_gets_one_appointment(community_centre: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(community_centre, NURSE), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + 15 * [409]
    assert len(appointments(community_centre)) == 1


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("days", [0, 15, -1, "2", 1.5])
def test_a_day_that_cannot_be_booked_is_refused(community_centre: Counter, days: object) -> None:
    assert community_centre.refused("home-care", {**NURSE, "days": days}, acr="pin")["type"] == "input-refused"


class TestSeniorEntry:
    def entries(self, community_centre: Counter) -> list[tuple[Any, ...]]:
        with community_centre.office.sessions() as session:
            columns = (EntryCount.place, EntryCount.day, EntryCount.entries)
            return [tuple(row) for row in session.execute(select(*columns))]

    def test_yes_is_counted_and_no_is_not(self, community_centre: Counter) -> None:
        said = [
            community_centre.ask("senior-entry", POOL, answers={"age-at-least:65": answer}).json()["title"]["en"]
            for answer in (True, False, True)
        ]

        assert [each.split(",")[0] for each in said] == ["Yes", "No", "Yes"]
        assert self.entries(community_centre) == [("pool", date(2026, 3, 2), 2)]

    def test_without_an_answer_nobody_comes_in(self, community_centre: Counter) -> None:
        """Another question's is none."""
        refused = community_centre.refused("senior-entry", POOL, answers={"age-at-least:60": True})

        assert (refused["type"], refused["attribute"]) == ("attribute-needed", "age-at-least:65")
        assert self.entries(community_centre) == []
