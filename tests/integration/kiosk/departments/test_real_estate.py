"""Queue tickets of the property registry, asked for over HTTP and looked up in its database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select, update

from kiosk.departments.real_estate.models import Ticket
from tests.fixtures.departments import Counter

MORTGAGE, ENQUIRY = {"counter": "mortgage"}, {"counter": "enquiries"}


def values(registry: Counter, entered: dict[str, str], **claims: Any) -> list[Any]:
    response = registry.ask("queue-ticket", entered, **claims)
    assert response.status_code == 200, response.text
    return [field["value"] for field in response.json()["fields"]]


def numbers(registry: Counter) -> list[tuple[str, int, str]]:
    with registry.office.sessions() as session:
        rows = session.execute(select(Ticket.counter, Ticket.number, Ticket.pseudonym).order_by(Ticket.issued_at))
        return [(counter, number, pseudonym) for counter, number, pseudonym in rows]


def test_each_counter_counts_for_itself(registry: Counter) -> None:
    first = values(registry, MORTGAGE)
    second = values(registry, MORTGAGE, sub="somebody else")
    other = values(registry, ENQUIRY, sub="somebody else")

    assert [first[0], first[2]] == ["B001", "0"]
    assert [second[0], second[2]] == ["B002", "1"]
    assert [other[0], other[2]] == ["E001", "0"]
    assert first[1]["pt"] == "Hipotecas"


def test_whoever_waits_keeps_the_number(registry: Counter) -> None:
    first = values(registry, MORTGAGE)

    assert values(registry, MORTGAGE) == first
    assert numbers(registry) == [("mortgage", 1, "pseudonym-of-li-wei")]


def test_one_person_at_many_kiosks_gets_one_number(registry: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: values(registry, MORTGAGE)[0], range(16)))

    assert set(given) == {"B001"}
    assert len(numbers(registry)) == 1


def test_many_people_get_numbers_without_gaps(registry: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda person: values(registry, MORTGAGE, sub=f"person {person}")[0], range(24)))

    assert sorted(given) == [f"B{number:03}" for number in range(1, 25)]


def test_whoever_was_called_waits_anew(registry: Counter) -> None:
    values(registry, MORTGAGE)
    with registry.office.sessions.begin() as session:
        session.execute(update(Ticket).values(called_at=registry.clock.now))

    assert values(registry, MORTGAGE)[::2] == ["B002", "0"]


def test_a_new_day_begins_with_one(registry: Counter) -> None:
    values(registry, MORTGAGE)
    registry.clock.forward(days=1)

    assert values(registry, MORTGAGE)[0] == "B001"
