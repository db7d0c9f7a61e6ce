"""Every screen can be come to, from a kiosk that was just switched on, by what can happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.visit import acts, events, pin_events, turn_events
from kiosk.visit.machine import Machine
from kiosk.visit.pin_screens import ChangePin
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Attract, KioskState, Review, Screen
from readers.piv.pin import Pin
from tests.fixtures.offers import (
    ALIVE,
    BALANCE,
    CHANGE_PIN,
    CHECK_IN,
    DONATE,
    OFFERS,
    OPENING_HOURS,
    outcome,
    paper,
    signed,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANA, KEY, BO = UUID(int=1, version=4), UUID(int=2, version=4), UUID(int=3, version=4)
LATER = NOON + timedelta(minutes=10)


def let_in(level: Level) -> events.Authenticated:
    return events.Authenticated(ANA, level, level.value, NOON + timedelta(minutes=10))


def happenings(state: KioskState) -> Iterator[events.Event]:
    """What can happen: readers and work at their own time, and whatever buttons the screens have."""
    job = state.last_job
    yield from (events.CardHeld(), events.Tapped(let_in(Level.TAP)), events.CardInserted(ANA), events.CardTaken())
    yield from (events.PinProved(job, let_in(Level.PIN)), events.PinRefused(job, Reason("wrong-pin", 2)))
    yield from (events.Exchanged(job, "a"), events.Prepared(job, paper()), events.Signed(job, signed(), "a"))
    yield from (events.Answered(job, outcome()), events.Declined(job, Reason("service-unreachable")))
    yield from (
        acts.ServiceChosen(*BALANCE.key),
        acts.ServiceChosen(*DONATE.key),
        acts.ConsentGiven(KEY),
    )
    yield from (
        acts.FormSubmitted({"litres": "2"}, KEY),
        acts.PinEntered(Pin("271828")),
        acts.Finished(),
    )
    yield from (
        acts.ServiceChosen(*CHECK_IN.key),
        acts.FormSubmitted({"complaint": "fever"}, KEY),
        acts.Checked(),
    )
    yield from (acts.WentBack(), acts.TriedAgain(), acts.LanguageChosen(Language.ENGLISH))
    yield from (acts.ServiceChosen(*CHANGE_PIN.key), acts.PinEntered(Pin("864193")))
    yield from (pin_events.PinChanged(job, outcome()), pin_events.PinKept(job, Reason("wrong-pin", 2)))
    yield from (pin_events.PinDoubted(job, Pin("271828"), Pin("864193")), pin_events.PinFound(job, new=True))
    yield from (acts.ServiceChosen(*ALIVE.key), turn_events.Photographed(job, b""))
    yield from (events.Answered(job, outcome().model_copy(update={"open_until": LATER})), events.CardInserted(BO))
    yield from (events.TakenOutOfService(), events.PutIntoService())
    yield from (
        events.AdmittedOffline(ANA, frozenset({OPENING_HOURS.key})),
        acts.ServiceChosen(*OPENING_HOURS.key),
    )
    yield from (acts.FormSubmitted({}, KEY), events.Recorded(KEY, outcome()))
    if isinstance(state.screen, Review):
        yield acts.AgreedToSign(state.screen.paper.sha256)


def reached() -> dict[type[Screen], KioskState]:
    """Each screen with a state in which it is, found step by step; a state counts without the number of its work."""
    machine = Machine()
    start = replace(machine.start(), offers=(*OFFERS, CHANGE_PIN, ALIVE))
    found, seen, ahead = {type(start.screen): start}, {repr(start)}, [start]
    for state in ahead:
        for event in happenings(state):
            after, _ = machine.step(state, event, NOON)
            found.setdefault(type(after.screen), after)
            if (key := _without_job(after)) not in seen:
                seen.add(key)
                ahead.append(after)
    return found


def _without_job(state: KioskState) -> str:
    step = state.screen.step if isinstance(state.screen, ChangePin) else ""  # PINs are not in a repr
    return step + re.sub(r"job=\d+", "job", repr(state))


def test_every_screen_is_come_to() -> None:
    assert set(reached()) == set(get_args(Screen))


def test_from_every_screen_one_gets_back_to_the_beginning() -> None:
    machine = Machine()
    for state in reached().values():
        after, _ = machine.step(state, events.PutIntoService(), NOON)
        after, _ = machine.step(after, acts.Finished(), NOON)
        after, _ = machine.step(after, events.CardTaken(), NOON)
        after, _ = machine.step(after, events.Ticked(), NOON + timedelta(minutes=11))
        after, _ = machine.step(after, events.Ticked(), NOON + timedelta(minutes=12))
        assert isinstance(after.screen, Attract), state.screen
