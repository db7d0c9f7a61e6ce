"""The service or a department goes away in the middle of a visit, and comes back."""

from __future__ import annotations

from kiosk.city.founding import KIOSK
from kiosk.city.stage import CardFiles, Place
from tests.fixtures.city import LiveCity, Recorded

DEPARTMENT = "medical-insurance"
SERVICE = {"department": DEPARTMENT, "service": "clinic-check-in"}
ANSWERS = {"clinic": "hengqin-hospital", "complaint_group": "fever"}


def tap_and_fill_in(city: LiveCity, card: CardFiles) -> None:
    """As far as the form; what is entered there is sent."""
    with city.put(card, Place.CONTACTLESS):
        city.visitor.wait_for("services")
    city.visitor.touch("/choose", **SERVICE)
    city.visitor.touch("/consent")
    city.visitor.wait_for("form")


def try_again(city: LiveCity) -> None:
    """Once more, and once only, it is done."""
    tickets = len(city.rows()[f"{DEPARTMENT}.tickets"])
    city.visitor.touch("/retry")
    city.visitor.wait_for("done")
    assert len(city.rows()[f"{DEPARTMENT}.tickets"]) == tickets + 1


def test_a_department_that_does_not_answer(city: LiveCity, card: CardFiles) -> None:
    tap_and_fill_in(city, card)
    before = city.rows()
    city.close(DEPARTMENT)
    try:
        city.visitor.touch("/form", values=ANSWERS)
        city.visitor.touch("/check")
        city.visitor.is_refused("department-unreachable")
        after = city.rows()
    finally:
        city.open(DEPARTMENT)
    assert len(after["cardsvc.issued_assertions"]) == len(before["cardsvc.issued_assertions"]) + 1
    changed = {name for name, rows in after.items() if rows != before[name]}
    # The department may be told of this citizen for the first time.
    assert changed - {"cardsvc.acquaintances"} == {"cardsvc.issued_assertions"}
    try_again(city)
    # The assertion of before was still good: nothing more was told about the citizen.
    assert city.rows()["cardsvc.issued_assertions"] == after["cardsvc.issued_assertions"]


def test_a_service_that_goes_away_in_the_middle_of_a_visit(city: LiveCity, card: CardFiles) -> None:
    tap_and_fill_in(city, card)
    with city.nothing_written():
        city.close("service")
        try:
            city.visitor.touch("/form", values=ANSWERS)
            city.visitor.touch("/check")
            city.visitor.is_refused("service-unreachable")
        finally:
            city.open("service")
    try_again(city)


def test_a_service_that_is_away_when_a_card_is_tapped(city: LiveCity, card: CardFiles) -> None:
    memory = card.state.read_bytes()
    with city.nothing_written(), city.recording() as recorded:
        city.close("service")
        try:
            with city.put(card, Place.CONTACTLESS):
                shown = city.visitor.wait_for("services")
            # What education's policy lets a kiosk do by itself, and nothing else.
            offered = {(one["code"], each["code"]) for one in shown["departments"] for each in one["services"]}
            assert (shown["offline"], offered) == (True, {("education", "library-return")})
            city.visitor.touch("/done")
        finally:
            city.open("service")
    assert recorded == []
    assert card.state.read_bytes() == memory
    city.nobody_there()  # the kiosk notices by itself that the service is back
    with city.recording() as afterwards, city.put(card, Place.CONTACTLESS):
        city.visitor.wait_for("services")
    assert afterwards == [Recorded("authentication", "ok", KIOSK, card=city.card_uuid)]
