"""A card that is left behind is asked for, called for, counted, and forgotten once it is taken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cardsvc.wire.levels import Level
from kiosk.visit import acts, events
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Attract, Call, KioskState, OutOfService, PinEntry, Services, TakeCard
from tests.unit.kiosk.visit.test_machine import ANA, PIN, Player, let_in


@pytest.fixture
def player() -> Player:
    return Player()


def after(player: Player, seconds: float) -> KioskState:
    player.now += timedelta(seconds=seconds)
    return player.play(events.Ticked())


def left_in_the_slot(player: Player) -> None:
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN))
    player.play(events.PinProved(player.state.last_job, let_in(level=Level.PIN)), acts.Finished(), events.Ticked())


def left_lying(player: Player) -> None:
    player.play(events.CardHeld(), events.Tapped(let_in()), acts.Finished(), events.Ticked())


def call(player: Player) -> Call:
    assert isinstance(player.screen, TakeCard)
    return player.screen.call


def test_a_card_in_the_slot_is_called_for_louder_and_then_counted(player: Player) -> None:
    left_in_the_slot(player)
    assert call(player) is Call.ASKED
    after(player, 9)
    assert call(player) is Call.ASKED
    after(player, 1)
    assert (call(player), player.state.cards_left) == (Call.LOUD, 0)
    after(player, 50)
    assert (call(player), player.state.cards_left) == (Call.LEFT, 1)
    since = player.now - timedelta(seconds=60)
    after(player, 3600)
    assert player.screen == TakeCard(since, Call.LEFT)
    assert player.state.cards_left == 1
    assert player.play(events.CardTaken()).screen == Attract()


def test_every_card_is_counted_and_none_that_was_taken_in_time(player: Player) -> None:
    for seconds in (61, 59, 61):
        left_in_the_slot(player)
        after(player, seconds)
        player.play(events.CardTaken())
    assert player.state.cards_left == 2


def test_a_card_left_on_the_contactless_reader_is_asked_for_some_seconds_after_the_visit(player: Player) -> None:
    player.play(events.CardHeld(), events.Tapped(let_in()))
    assert after(player, 60).screen == Services()
    player.play(acts.Finished(), events.Ticked())
    after(player, 9)
    assert not isinstance(player.screen, TakeCard)
    assert after(player, 1).screen == TakeCard(player.now - timedelta(seconds=10), lying=True)
    after(player, 50)
    assert (call(player), player.state.cards_left) == (Call.LEFT, 1)
    player.play(events.CardLifted())
    assert player.state == KioskState(last_job=player.state.last_job, offers=player.state.offers, cards_left=1)


def test_one_that_is_lifted_in_time_is_not_asked_for(player: Player) -> None:
    left_lying(player)
    after(player, 9)
    player.play(events.CardLifted())
    after(player, 60)
    assert player.screen == Attract()


def test_the_time_begins_anew_with_each_card(player: Player) -> None:
    for _ in range(3):
        left_lying(player)
        after(player, 9)
        player.play(events.CardLifted())
    assert player.screen == Attract()


def test_a_card_lying_there_keeps_nobody_from_the_slot(player: Player) -> None:
    left_lying(player)
    after(player, 10)
    player.play(events.CardInserted(ANA))
    assert player.screen == PinEntry(ANA)
    assert player.play(acts.Finished()).screen == TakeCard()
    player.play(events.CardTaken(), events.Ticked())
    assert after(player, 10).screen == TakeCard(player.now - timedelta(seconds=10), lying=True)


def test_one_that_is_in_the_slot_is_asked_for_first(player: Player) -> None:
    left_in_the_slot(player)
    player.play(events.CardHeld())
    after(player, 10)
    assert isinstance(player.screen, TakeCard)
    assert not player.screen.lying


def test_a_refused_card_that_is_left_lying_is_asked_for_too(player: Player) -> None:
    player.play(events.CardHeld(), events.TapRefused(Reason("card-not-active")))
    after(player, 20)
    after(player, 0)
    after(player, 10)
    assert isinstance(player.screen, TakeCard)


def test_whoever_takes_the_kiosk_out_of_service_is_not_called(player: Player) -> None:
    left_lying(player)
    player.play(events.TakenOutOfService())
    after(player, 100)
    assert player.screen == OutOfService()
    player.play(events.CardLifted(), events.PutIntoService())
    assert after(player, 100).screen == Attract()
