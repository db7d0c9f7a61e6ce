"""A kiosk taken out of service from afar: whatever was on the screen, nobody is let in until it is put back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cardsvc.wire.manifest import Language
from kiosk.visit import acts, events
from kiosk.visit.cards import accepts_tap
from kiosk.visit.effects import EndVisit
from kiosk.visit.screens import Attract, OutOfService, TakeCard, Trouble
from readers.piv.pin import Pin
from tests.fixtures.offers import OFFERS
from tests.unit.kiosk.visit.test_machine import ANA, BO, KEY, Player, let_in

OUT, BACK = events.TakenOutOfService(), events.PutIntoService()


@pytest.fixture
def player() -> Player:
    return Player()


def test_the_visit_ends_and_the_service_is_told(player: Player) -> None:
    player.play(events.Tapped(let_in()), OUT)
    assert (player.state.screen, player.state.visit) == (OutOfService(), None)
    assert player.effects == [EndVisit("token-tap")]


ATTEMPTS: list[events.Event] = [
    events.CardHeld(),
    events.Tapped(let_in(BO)),
    events.CardInserted(ANA),
    acts.PinEntered(Pin("271828")),
    acts.ServiceChosen("clinic", "check-in"),
    acts.ConsentGiven(KEY),
    acts.WentBack(),
    acts.TriedAgain(),
    acts.Finished(),
    acts.Touched(),
    events.Ticked(),
    OUT,
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda event: type(event).__name__)
def test_nothing_lets_anybody_in(player: Player, attempt: events.Event) -> None:
    player.play(OUT)
    player.now += timedelta(hours=1)
    player.play(attempt)
    assert (player.state.screen, player.state.visit, player.state.deadline) == (OutOfService(), None, None)
    assert not accepts_tap(player.state)


def test_a_visit_that_was_opened_just_then_is_ended(player: Player) -> None:
    player.play(OUT, events.Tapped(let_in(BO)))
    assert player.effects == [EndVisit("token-tap")]


def test_a_pin_that_is_proved_too_late_opens_nothing(player: Player) -> None:
    player.play(events.CardInserted(ANA), acts.PinEntered(Pin("271828")), OUT)
    player.effects.clear()
    player.play(events.PinProved(player.state.last_job, let_in()))
    assert (player.state.visit, player.effects) == (None, [EndVisit("token-tap")])


def test_it_comes_back_by_itself(player: Player) -> None:
    player.play(OUT, BACK)
    assert player.state.screen == Attract()
    player.play(events.Tapped(let_in()))
    assert player.state.visit is not None


def test_a_card_that_was_left_inside_is_asked_for_first(player: Player) -> None:
    player.play(events.CardInserted(ANA), OUT)
    assert player.state.card_inside
    assert player.play(BACK).screen == TakeCard()
    player.play(OUT, events.CardTaken())
    assert player.play(BACK).screen == Attract()


def test_what_has_nothing_to_do_with_it_goes_on(player: Player) -> None:
    player.play(
        OUT,
        acts.LanguageChosen(Language.PORTUGUESE),
        events.TroubleSeen(Trouble.SERVICE),
        events.OffersChanged(OFFERS[:1]),
    )
    assert player.state.language is Language.PORTUGUESE
    assert (player.state.troubles, player.state.offers) == (frozenset({Trouble.SERVICE}), OFFERS[:1])
    assert player.play(BACK).screen == Attract()


def test_putting_back_what_is_in_service_disturbs_nobody(player: Player) -> None:
    before = player.play(events.Tapped(let_in()))
    assert player.play(BACK) == before
