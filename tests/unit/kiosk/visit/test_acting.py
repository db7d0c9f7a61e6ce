"""The button beside a line of an outcome, and what departments tell unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Action, Language, Outcome, OutcomeField
from kiosk.offers import Telling
from kiosk.visit import acts, effects, events
from kiosk.visit.screens import Check, Consent, Done, Services
from tests.fixtures.offers import BALANCE, CHECK_IN, CITY, DONATE, MATTERS, OFFERS
from tests.unit.kiosk.visit.test_machine import ANA, KEY, PIN, Player, let_in

BACK = replace(
    DONATE, service=DONATE.service.model_copy(update={"code": "take-back", "level": Level.PIN, "attributes": ()})
)
MINE = replace(BALANCE, service=BALANCE.service.model_copy(update={"code": "mine"}), telling=Telling.MATTERS)
NEWS = (OutcomeField(label={Language.ENGLISH: "Clinic · Donation"}, value="Thank you", new=True),)


@pytest.fixture
def player() -> Player:
    player = Player()
    player.state = replace(player.state, offers=(*OFFERS, BACK, MINE, *CITY))
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN), events.PinProved(1, let_in(level=Level.PIN)))
    return player


def told(service: str = "take-back", litres: Any = 2, **more: Any) -> Outcome:
    action = Action(service=service, titles={Language.ENGLISH: "Take it back"}, input={"litres": litres}, **more)
    line = OutcomeField(label={Language.ENGLISH: "Donation"}, value="2 l", action=action)
    return Outcome(title={Language.ENGLISH: "Yours"}, fields=(line,), receipt="CL-0001")


def heard(player: Player) -> tuple[OutcomeField, ...]:
    assert player.state.visit is not None
    return player.state.visit.news


def at_done(player: Player, offer: Any, outcome: Outcome) -> None:
    player.state = replace(player.state, screen=Done(offer, outcome))
    player.effects.clear()


def test_the_button_shows_its_line_once_more_before_anything_is_sent(player: Player) -> None:
    at_done(player, BALANCE, told())
    player.play(acts.ActionChosen(0, KEY))
    assert isinstance(player.screen, Check)
    assert player.screen.about == told().fields[0]
    assert player.effects == []
    assert player.play(acts.WentBack()).screen == Done(BALANCE, told())

    player.play(acts.ActionChosen(0, KEY), acts.Checked())
    assert player.take_effect() == effects.Exchange(2, "token-pin", BACK)
    player.play(events.Exchanged(2, "assertion"))
    assert player.take_effect() == effects.Ask(3, BACK, KEY, "assertion", {"litres": 2})


@pytest.mark.parametrize("line", [1, 99])
def test_a_line_without_a_button_does_nothing(player: Player, line: int) -> None:
    at_done(player, BALANCE, told())
    assert player.play(acts.ActionChosen(line, KEY)).screen == Done(BALANCE, told())


@pytest.mark.parametrize(
    ("service", "litres", "offer"), [("donate", 2, DONATE), ("check-in", 2, CHECK_IN), ("take-back", 99, BACK)]
)
def test_what_takes_a_signature_a_consent_or_other_input_is_begun_as_any_service(
    player: Player, service: str, litres: int, offer: Any
) -> None:
    at_done(player, BALANCE, told(service, litres))
    assert player.play(acts.ActionChosen(0, KEY)).screen == Consent(offer)


def test_a_department_cannot_lead_to_another_and_the_city_can(player: Player) -> None:
    for offer, leads in ((OFFERS[-1], False), (MATTERS, True)):
        at_done(player, offer, told(department="clinic"))
        player.play(acts.ActionChosen(0, KEY))
        assert isinstance(player.screen, Check) == leads


def test_news_is_asked_for_after_the_pin_and_told_in_that_visit_alone(player: Player) -> None:
    assert effects.AskNews("token-pin") in player.effects
    player.play(events.NewsHeard("another-token", NEWS))
    assert heard(player) == ()
    player.play(events.NewsHeard("token-pin", NEWS))
    assert heard(player) == NEWS
    assert player.screen == Services()


def test_news_is_never_asked_for_at_tap() -> None:
    player = Player()
    player.play(events.CardHeld(), events.Tapped(let_in(level=Level.TAP)))
    assert player.effects == []


def test_what_was_read_is_not_new_any_more(player: Player) -> None:
    player.play(events.NewsHeard("token-pin", NEWS), acts.ServiceChosen(*MATTERS.key))
    player.play(events.Answered(player.state.last_job, told(department="clinic")))
    assert heard(player) == ()


def test_what_was_read_at_one_department_is_asked_for_again(player: Player) -> None:
    player.play(events.NewsHeard("token-pin", NEWS), acts.ServiceChosen(*MINE.key), acts.ConsentGiven(KEY))
    player.play(events.Exchanged(2, "assertion"))
    player.effects.clear()
    player.play(events.Answered(3, told()))
    assert player.effects == [effects.AskNews("token-pin")]
