"""The city's own services on the screen: no department learns anything, so nobody is asked whether one may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardsvc.wire.levels import Level
from kiosk.offers import Offer
from kiosk.visit import acts, effects, events
from kiosk.visit.reason import Reason
from kiosk.visit.requests import NO_KEY
from kiosk.visit.screens import Consent, Done, FillForm, InsertCard, PinEntry, Refusal, Sending, Services, Submission
from tests.fixtures.offers import CITY, HISTORY, LOCK, OFFERS, OTHER_CARD_LOST, outcome
from tests.unit.kiosk.visit.test_machine import ANA, KEY, PIN, Player, let_in


@pytest.fixture
def player() -> Player:
    """Somebody whose card is in the slot and whose PIN was right."""
    player = Player()
    player.state = replace(player.state, offers=OFFERS + CITY)
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN), events.PinProved(1, let_in(level=Level.PIN)))
    player.effects.clear()
    return player


def shown(player: Player) -> object:
    return player.screen


def choose(player: Player, offer: Offer) -> None:
    player.play(acts.ServiceChosen(*offer.key))


def test_what_only_tells_something_is_told_at_once(player: Player) -> None:
    choose(player, HISTORY)
    assert player.effects == [effects.Serve(2, "token-pin", HISTORY, {})]
    player.play(events.Answered(2, outcome()))
    assert shown(player) == Done(HISTORY, outcome(), mark=Submission(HISTORY, NO_KEY).mark)


def test_what_changes_something_waits_for_a_yes(player: Player) -> None:
    choose(player, OTHER_CARD_LOST)
    assert shown(player) == Consent(OTHER_CARD_LOST)
    assert player.effects == []
    player.play(acts.ConsentGiven(KEY))
    assert player.effects == [effects.Serve(2, "token-pin", OTHER_CARD_LOST, {})]


def test_a_form_is_asked_for_and_checked_first_and_back_leads_to_the_services(player: Player) -> None:
    choose(player, LOCK)
    assert shown(player) == FillForm(LOCK)
    player.play(acts.FormSubmitted({"what": "nonsense"}, KEY))
    assert isinstance(shown(player), FillForm)
    player.play(acts.WentBack())
    assert isinstance(shown(player), Services)
    choose(player, LOCK)
    player.play(acts.FormSubmitted({"what": "level:tap"}, KEY))
    assert player.effects == []
    player.play(acts.Checked())
    assert player.effects == [effects.Serve(2, "token-pin", LOCK, {"what": "level:tap"})]


def test_it_may_be_tried_again_when_the_service_was_away(player: Player) -> None:
    choose(player, HISTORY)
    player.play(events.Declined(2, Reason("service-unreachable")))
    assert isinstance(shown(player), Refusal)
    player.play(acts.TriedAgain())
    assert isinstance(shown(player), Sending)
    assert player.effects[1:] == [effects.Serve(3, "token-pin", HISTORY, {})]


def test_the_card_that_was_tapped_is_asked_for_and_the_pin_leads_straight_there() -> None:
    player = Player()
    player.state = replace(player.state, offers=CITY)
    player.play(events.Tapped(let_in()))
    choose(player, HISTORY)
    assert shown(player) == InsertCard(HISTORY)
    player.play(events.CardInserted(ANA))
    assert shown(player) == PinEntry(ANA, HISTORY)
    player.play(acts.PinEntered(PIN), events.PinProved(1, let_in(level=Level.PIN)))
    assert player.effects[-1] == effects.Serve(2, "token-pin", HISTORY, {})
