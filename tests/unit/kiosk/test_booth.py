"""The booth: one event at a time, effects elsewhere, listeners told in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.booth import Booth, Snapshot
from kiosk.visit import acts, effects, events
from kiosk.visit.effects import Effect
from kiosk.visit.events import Event
from kiosk.visit.machine import Machine
from kiosk.visit.reason import Reason
from kiosk.visit.screens import PinEntry, Refusal, Services
from readers.piv.pin import Pin
from tests.fixtures.services import StandingClock

ANA = UUID(int=1, version=4)


class Errand:
    """Does nothing but say so, with an answer made for the effect."""

    def __init__(self, answer: Callable[[Effect], Event | None] = lambda _: None) -> None:
        self.answer = answer
        self.done: list[Effect] = []

    def __call__(self, effect: Effect) -> Event | None:
        self.done.append(effect)
        return self.answer(effect)


def let_in(clock: StandingClock, level: Level) -> events.Authenticated:
    return events.Authenticated(ANA, level, "token", clock() + timedelta(minutes=10))


def test_an_effect_is_carried_out_and_its_answer_goes_on(clock: StandingClock) -> None:
    arrived = threading.Event()
    errand = Errand(
        lambda effect: (
            events.PinProved(effect.job, let_in(clock, Level.PIN)) if isinstance(effect, effects.ProvePin) else None
        )
    )
    booth = Booth(Machine(), errand, clock)
    booth.listen(lambda snapshot: arrived.set() if isinstance(snapshot.state.screen, Services) else None)
    booth.send(events.CardInserted(ANA))
    booth.send(acts.PinEntered(Pin("271828")))
    assert arrived.wait(10)
    booth.close()


def test_closing_ends_the_visit(clock: StandingClock) -> None:
    errand = Errand()
    booth = Booth(Machine(), errand, clock)
    booth.send(events.Tapped(let_in(clock, Level.TAP)))
    booth.close()
    assert errand.done == [effects.EndVisit("token")]
    assert booth.snapshot.state.visit is None
    booth.send(events.Tapped(let_in(clock, Level.TAP)))
    booth.send(acts.Finished())  # nothing is begun any more, and nothing breaks


def test_versions_grow_with_changes_and_only_then(clock: StandingClock) -> None:
    booth = Booth(Machine(), Errand(), clock)
    assert booth.send(events.Ticked()).version == 0
    assert booth.send(acts.LanguageChosen(Language.CHINESE)).version == 1
    assert booth.send(events.CardTaken()).version == 1
    booth.close()


def test_listeners_hear_every_version_in_order_whoever_sends(clock: StandingClock) -> None:
    booth = Booth(Machine(), Errand(), clock)
    heard: list[Snapshot] = []
    stop = booth.listen(heard.append)

    def chatter(language: Language) -> None:
        for _ in range(50):
            booth.send(events.CardHeld())
            booth.send(acts.LanguageChosen(language))
            booth.send(events.TapRefused(Reason("card-unknown")))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(chatter, Language))
    assert [snapshot.version for snapshot in heard] == list(range(1, booth.snapshot.version + 1))
    assert isinstance(booth.snapshot.state.screen, Refusal)
    stop()
    before = len(heard)
    booth.send(acts.Finished())
    assert len(heard) == before
    booth.close()


def test_a_crashing_errand_breaks_nothing(clock: StandingClock) -> None:
    def crash(_: Effect) -> Event | None:
        raise ZeroDivisionError

    booth = Booth(Machine(), crash, clock)
    booth.send(events.Tapped(let_in(clock, Level.TAP)))
    booth.send(acts.Finished())
    assert isinstance(booth.send(events.CardInserted(ANA)).state.screen, PinEntry)
    booth.close()


@pytest.mark.parametrize("field", ["token-of-ana", "271828"])
def test_nothing_secret_shows_in_what_is_printed(clock: StandingClock, field: str) -> None:
    told: list[object] = [
        acts.PinEntered(Pin("271828")),
        effects.ProvePin(1, ANA, Pin("271828")),
        effects.EndVisit("token-of-ana"),
        events.Authenticated(ANA, Level.TAP, "token-of-ana", clock()),
        events.Exchanged(1, "token-of-ana"),
    ]
    assert field not in repr(told)
