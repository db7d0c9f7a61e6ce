"""Asking all departments at once: each under its own name, side by side, and none holds up the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.manifest import Action, Language, Outcome, OutcomeField, ServiceRequest, Texts
from kiosk.department_client import DepartmentUnreachable
from kiosk.matters import MOST, MOST_LINES, Gatherer
from kiosk.offers import Offer, Telling
from tests.fixtures.offers import BALANCE

EN = Language.ENGLISH


def texts(word: str) -> Texts:
    return {EN: word}


def offer(department: str, telling: Telling = Telling.NEWS) -> Offer:
    return replace(
        BALANCE,
        department=department,
        department_titles=texts(department.title()),
        base_url=f"http://{department}.test",
        telling=telling,
    )


class World:
    """The card service and the departments."""

    def __init__(self) -> None:
        self.exchanged: list[tuple[str, str, Sequence[str]]] = []
        self.away: set[str] = set()
        self.stuck: set[str] = set()
        self.locked: set[str] = set()
        self.more: tuple[OutcomeField, ...] = ()
        self.ended = threading.Event()
        self.together = threading.Barrier(1)

    def exchange(self, token: str, department: str, service: str, attributes: Sequence[str], _: Sequence[str]) -> str:
        if department in self.locked:
            raise ServiceUnreachable(department)
        self.exchanged.append((token, department, attributes))
        return f"assertion for {department} {service}"

    def ask_soon(self, base_url: str, service: str, request: ServiceRequest, _key: UUID, _seconds: float) -> Outcome:
        department = base_url.removeprefix("http://").removesuffix(".test")
        assert request.assertion == f"assertion for {department} {service}"
        if department in self.stuck:
            self.ended.wait(30)
        if department in self.away:
            raise DepartmentUnreachable(department)
        self.together.wait(30)
        action = Action(service="take-back", titles=texts("Back"))
        line = OutcomeField(label=texts("Appointment"), value="tomorrow", new=True, action=action)
        more = self.more if department == "talkative" else ()
        return Outcome(title=texts("Yours"), fields=(*more, line), receipt="XX-0001")


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.ended.set()


def gather(world: World, *offers: Offer, seconds: float = 30) -> list[str]:
    gatherer = Gatherer(world, world, lambda: offers, seconds=seconds)
    try:
        return [line.label[EN] for line in gatherer.gather("token", Telling.NEWS)]
    finally:
        world.ended.set()
        gatherer.close()


def test_each_line_says_whose_it_is_and_acts_there(world: World) -> None:
    gatherer = Gatherer(world, world, lambda: (offer("clinic"), offer("library", Telling.MATTERS)))
    (line,) = gatherer.gather("token", Telling.NEWS)
    gatherer.close()
    assert (line.label[EN], line.new) == ("Clinic · Appointment", True)
    assert line.action is not None
    assert (line.action.department, line.action.service) == ("clinic", "take-back")
    assert world.exchanged == [("token", "clinic", ())]


def test_all_are_asked_side_by_side(world: World) -> None:
    departments = [f"d{number}" for number in range(8)]
    world.together = threading.Barrier(8)
    assert len(gather(world, *map(offer, departments))) == 8


def test_who_is_away_stuck_or_locked_out_holds_up_nobody(world: World) -> None:
    world.away, world.stuck, world.locked = {"away"}, {"stuck"}, {"locked"}
    told = gather(world, *map(offer, ("away", "stuck", "locked", "clinic")), seconds=0.5)
    assert told == ["Clinic · Appointment"]


def test_no_more_than_so_many_are_asked(world: World) -> None:
    assert len(gather(world, *(offer(f"d{number}") for number in range(MOST + 5)))) == MOST
    assert len(world.exchanged) == MOST


def test_one_that_says_too_much_is_cut_short_and_the_others_are_heard(world: World) -> None:
    line = OutcomeField(label=texts("Spam"), value="buy")
    world.more = (line.model_copy(update={"value": "buy " * 1000}), *[line] * 10_000)
    told = gather(world, offer("talkative"), offer("city"))
    assert told == ["Talkative · Spam"] * MOST_LINES + ["City · Appointment"]
