"""The heartbeat: what it says, what becomes of the answer, and what happens when there is none."""

from __future__ import annotations

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.fleet import FleetPlan, Heartbeat, Pulse, ReaderCondition
from kiosk.fleet.heart import Heart
from tests.fixtures.services import NOW

SAID = Heartbeat(software="1", sent_at=NOW, contactless=ReaderCondition.READY, contact=ReaderCondition.READY)
PULSE = Pulse(now=NOW, interval_seconds=7, disabled=False, plan_version=0)


class Service:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.is_there = True
        self.heard: list[Heartbeat] = []

    def report(self, heartbeat: Heartbeat) -> Pulse:
        if not self.is_there:
            raise ServiceUnreachable("no connection")
        self.heard.append(heartbeat)
        return PULSE

    def fleet_plan(self) -> FleetPlan:
        raise AssertionError("nobody asked for it")


def test_it_says_how_the_kiosk_is_and_passes_the_answer_on() -> None:
    service, told = Service(), list[Pulse]()
    assert Heart(service, lambda: SAID, told.append).beat() == 7
    assert (service.heard, told) == ([SAID], [PULSE])


def test_without_an_answer_it_tries_again() -> None:
    service, told = Service(), list[Pulse]()
    heart = Heart(service, lambda: SAID, told.append)
    service.is_there = False
    assert heart.beat() == 5
    assert told == []
    service.is_there = True
    heart.beat()
    assert told == [PULSE]


def test_when_what_follows_from_the_answer_fails_it_tries_again() -> None:
    def fail(_: Pulse) -> None:
        raise ServiceUnreachable("in the middle of the list")

    assert Heart(Service(), lambda: SAID, fail).beat() == 5
