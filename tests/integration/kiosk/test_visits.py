"""Visits from card to department and back, with every part real but the reader's antenna."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cardsvc.authentication.models import Visit
from cardsvc.client import ServiceProblem
from cardsvc.db import reading
from cardsvc.wire.lifecycle import CardState
from kiosk.departments.medical_insurance.models import Ticket
from readers.virtual.loopback import put_on
from tests.fixtures.cards import personalise
from tests.fixtures.waiting import wait_until
from tests.integration.kiosk.conftest import CHECK_IN, Town, Visitor

WRONG = "99999999"


def tickets(town: Town) -> int:
    with town.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def choose(visitor: Visitor, service: str) -> dict[str, object]:
    visitor.look_for(service)
    return visitor.press("/choose", department="medical-insurance", service=service)


def test_a_tap_is_enough_for_a_ticket(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    assert choose(visitor, "clinic-check-in")["screen"] == "consent"
    assert visitor.press("/consent")["screen"] == "form"
    visitor.press("/form", values=CHECK_IN)
    visitor.press("/check")
    done = visitor.look("done", "refusal")
    assert done["screen"] == "done", done
    assert done["outcome"]["receipt"]
    assert tickets(town) == 1
    (issued,) = town.city.audit("assertion.issue")
    assert (issued.outcome, issued.detail["attributes"]) == ("ok", ["district"])
    assert visitor.press("/done")["screen"] == "attract"


def test_whoever_writes_for_minutes_is_still_there_for_the_service(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    choose(visitor, "clinic-check-in")
    visitor.press("/consent")
    for _ in range(3):
        town.clock.advance(seconds=80)
        visitor.press("/touch")
        wait_until(lambda: heard_of(town) == town.clock())
    visitor.press("/form", values=CHECK_IN)
    visitor.press("/check")
    assert visitor.look("done", "refusal")["screen"] == "done"


def heard_of(town: Town) -> datetime:
    with reading(town.city.services.sessions) as session:
        return session.scalars(select(Visit.last_used_at)).one()


def test_a_personal_service_wants_the_card_and_the_pin(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    assert choose(visitor, "balance")["screen"] == "insert-card"
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=WRONG)
    assert visitor.look("pin-entry")["tries_left"] is not None
    visitor.press("/pin", pin=town.card.pin)
    assert visitor.look("consent")["service"]["code"] == "balance"
    visitor.press("/consent")
    assert visitor.look("done", "refusal")["screen"] == "done"
    town.take()
    assert visitor.look("attract")["level"] is None


def test_the_pin_is_blocked_at_last(town: Town) -> None:
    visitor = town.visitor()
    town.insert()
    left = visitor.look("pin-entry")["tries_left"]
    while left is None or left > 1:
        visitor.look("pin-entry")
        visitor.press("/pin", pin=WRONG)
        left = visitor.look("pin-entry", "refusal").get("tries_left")
    visitor.press("/pin", pin=WRONG)
    assert visitor.look("refusal")["code"] == "pin-blocked"


def test_a_visit_left_alone_is_over_here_and_at_the_service(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    visitor.look("services")
    visit = town.station.booth.snapshot.state.visit
    assert visit is not None
    town.clock.advance(seconds=90)
    assert visitor.look("attract")["level"] is None
    with pytest.raises(ServiceProblem) as refused:
        town.city.client("kiosk-1").exchange(visit.token, "medical-insurance", "clinic-check-in")
    assert refused.value.problem.code == "visit-ended"


@pytest.mark.parametrize("state", [CardState.DELIVERED, CardState.HELD, CardState.REVOKED, CardState.EXPIRED])
def test_a_card_that_is_not_active_is_refused_with_its_state(town: Town, state: CardState) -> None:
    town.put_in_state(state)
    visitor = town.visitor()
    town.hold()
    refusal = visitor.look("refusal", "services")
    assert (refusal["code"], refusal["card_state"]) == ("card-not-active", state.value)
    assert refusal["level"] is None


def test_a_card_of_another_city_is_not_known(town: Town, tmp_path: Path) -> None:
    stranger = personalise(tmp_path / "stranger.json")
    visitor = town.visitor()
    town.hold(stranger.state_file)
    assert visitor.look("refusal", "services")["code"] == "card-unknown"


def test_a_card_that_was_never_finished_is_said_to_be(town: Town, tmp_path: Path) -> None:
    visitor = town.visitor()
    town.hold(tmp_path / "blank.json")
    assert visitor.look("refusal", "services")["code"] == "unfinished-card"
    town.take()
    put_on(town.contact, tmp_path / "blank.json")
    assert visitor.look("refusal")["code"] == "unfinished-card"


def test_somebody_elses_card_does_not_step_up(town: Town, tmp_path: Path) -> None:
    stranger = personalise(tmp_path / "stranger.json")
    visitor = town.visitor()
    town.hold()
    choose(visitor, "balance")
    town.insert(stranger.state_file)
    assert visitor.look("refusal")["code"] == "other-card"
    town.take()
    assert visitor.look("insert-card")["service"]["code"] == "balance"


def test_a_card_revoked_during_the_visit_gets_nothing_more(town: Town) -> None:
    visitor = town.visitor()
    town.hold()
    choose(visitor, "clinic-check-in")
    visitor.press("/consent")
    town.put_in_state(CardState.REVOKED)
    visitor.press("/form", values=CHECK_IN)
    visitor.press("/check")
    assert visitor.look("done", "refusal")["screen"] == "refusal"
    assert tickets(town) == 0
