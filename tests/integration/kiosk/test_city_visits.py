"""The city's own services from the screen to the card service and back."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.city_services.offering import DEPARTMENT
from tests.integration.kiosk.conftest import CHECK_IN, Town, Visitor

NEW_PIN = "86419375"


def come_in(town: Town) -> Visitor:
    """Card in the slot, PIN entered."""
    visitor = town.visitor()
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    visitor.look("services")
    return visitor


def choose(visitor: Visitor, service: str) -> dict[str, Any]:
    visitor.look("services", "done")
    return visitor.press("/choose", department=DEPARTMENT, service=service)


def test_they_are_listed_after_the_departments(town: Town) -> None:
    shown = come_in(town).look("services")["departments"]
    assert [department["code"] for department in shown] == ["medical-insurance", DEPARTMENT]
    assert all(not service["steps_up"] for service in shown[-1]["services"])


def test_whoever_looks_sees_that_they_looked(town: Town) -> None:
    visitor = come_in(town)
    choose(visitor, "access-history")
    done = visitor.look("done", "refusal")
    assert done["screen"] == "done", done
    assert done["outcome"]["fields"], "at least that they came"
    assert town.city.audit("assertion.issue") == [], "no department has a part in it"


def test_a_card_that_is_locked_for_a_department_is_refused_there_until_it_is_unlocked(town: Town) -> None:
    visitor = come_in(town)
    assert choose(visitor, "lock-card")["screen"] == "form"
    visitor.press("/form", values={"what": "medical-insurance"})
    visitor.press("/check")
    assert visitor.look("done", "refusal")["outcome"]["title"] == "Your card is locked"
    assert check_in(visitor)["code"] == "locked-by-citizen"
    visitor.press("/back")
    choose(visitor, "unlock-card")
    visitor.press("/form", values={"what": "medical-insurance"})
    visitor.press("/check")
    assert visitor.look("done", "refusal")["outcome"]["title"] == "Your card is unlocked"
    assert check_in(visitor)["screen"] == "done"


def check_in(visitor: Visitor) -> dict[str, Any]:
    visitor.press("/choose", department="medical-insurance", service="clinic-check-in")
    visitor.press("/consent")
    visitor.press("/form", values=CHECK_IN)
    visitor.press("/check")
    return visitor.look("done", "refusal")


def test_somebody_with_one_card_is_told_that_there_is_no_other_to_report(town: Town) -> None:
    visitor = come_in(town)
    assert choose(visitor, "other-card-lost")["screen"] == "consent"
    visitor.press("/consent")
    assert visitor.look("refusal", "done")["code"] == "nothing-to-report"
    visitor.press("/back")
    choose(visitor, "my-cards")
    (card,) = visitor.look("done")["outcome"]["fields"]
    assert card["label"] == "The card you put in"
    assert card["value"].startswith("in force")


def test_a_tap_is_asked_for_the_pin_first(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    assert choose(visitor, "access-history")["screen"] == "insert-card"
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    assert visitor.look("done", "refusal")["screen"] == "done"


def change_pin(visitor: Visitor, *pins: str) -> dict[str, Any]:
    choose(visitor, "change-pin")
    for pin in pins:
        visitor.press("/pin", pin=pin)
    return visitor.look("change-pin", "done", "refusal", "find-pin")


def test_the_pin_is_changed_and_the_visit_goes_on(town: Town) -> None:
    visitor = come_in(town)
    done = change_pin(visitor, town.card.pin, NEW_PIN, NEW_PIN)
    assert done["outcome"]["title"] == "Your PIN is changed"
    choose(visitor, "my-cards")
    assert visitor.look("done", "refusal")["screen"] == "done"
    town.take()
    visitor.look("attract")

    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    assert visitor.look("pin-entry")["tries_left"] == 2
    visitor.press("/pin", pin=NEW_PIN)
    assert visitor.look("services")["level"] == "pin"


def test_a_wrong_old_pin_changes_nothing(town: Town) -> None:
    visitor = come_in(town)
    again = change_pin(visitor, "99999999", NEW_PIN, NEW_PIN)
    assert (again["step"], again["tries_left"]) == ("old", 2)
    visitor.press("/back")
    town.take()
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    visitor.look("services")


def test_neither_pin_is_in_what_the_kiosk_writes_or_shows(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    visitor = come_in(town)
    weak = "121212"
    views = [change_pin(visitor, town.card.pin, weak), visitor.press("/pin", pin=NEW_PIN)]
    views += [visitor.press("/pin", pin=NEW_PIN), visitor.look("done")]
    assert [view["screen"] for view in views] == ["change-pin", "change-pin", "changing-pin", "done"]
    written = capfd.readouterr()
    everything = f"{views} {town.station.booth.snapshot} {written.out} {written.err} {visitor.http.get('/').text}"
    assert "card used" in everything, "something is written"
    assert [pin for pin in (town.card.pin, weak, NEW_PIN) if pin in everything] == []
