"""Changing the PIN: what is asked for, what is refused before the card hears of it, and a card that is pulled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.visit import acts, effects, events, pin_events, reason
from kiosk.visit.cards import accepts_tap
from kiosk.visit.pin_screens import ChangePin, ChangingPin, FindingPin, PinLost, PinProblem
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Done, Mode, OutOfService, Refusal, Services, TakeCard
from readers.piv.pin import Pin
from tests.fixtures.offers import CHANGE_PIN, CITY, OFFERS, outcome
from tests.unit.kiosk.visit.test_machine import ANA, BO, PIN, Player, let_in

NEW, OTHER = Pin("864193"), Pin("864194")


@pytest.fixture
def player() -> Player:
    """Somebody at the first of the three."""
    player = Player()
    player.state = replace(player.state, offers=OFFERS + CITY)
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN), events.PinProved(1, let_in(level=Level.PIN)))
    player.play(acts.ServiceChosen(*CHANGE_PIN.key))
    player.effects.clear()
    return player


@pytest.fixture
def changing(player: Player) -> Player:
    """The card is being given the new one."""
    enter(player, PIN, NEW, NEW)
    assert player.screen == ChangingPin(CHANGE_PIN, ANA, 2)
    assert player.effects == [pin_events.GivePin(2, ANA, PIN, NEW)]
    player.effects.clear()
    return player


@pytest.fixture
def lost(changing: Player) -> Player:
    """The card was pulled, and its answer is lost."""
    changing.play(events.CardTaken(), pin_events.PinDoubted(2, PIN, NEW))
    changing.effects.clear()
    return changing


def enter(player: Player, *pins: Pin) -> None:
    player.play(*map(acts.PinEntered, pins))


def shown(player: Player) -> object:
    return player.screen


def refused(player: Player) -> str:
    assert isinstance(player.screen, Refusal), player.screen
    assert player.state.visit is None
    return player.screen.reason.code


def test_the_old_one_the_new_one_and_the_new_one_again(changing: Player) -> None:
    changing.play(pin_events.PinChanged(2, outcome()))
    assert changing.screen == Done(CHANGE_PIN, outcome())
    assert changing.state.visit is not None, "the visit goes on"


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        (PIN, PinProblem.AS_BEFORE),
        (Pin("111111"), PinProblem.REPEATED),
        (Pin("123456"), PinProblem.RUN),
        (Pin("147258"), PinProblem.WELL_KNOWN),
    ],
)
def test_a_bad_new_one_is_refused_before_the_card_hears_of_it(player: Player, pin: Pin, problem: PinProblem) -> None:
    enter(player, PIN, pin)
    assert player.screen == ChangePin(CHANGE_PIN, PIN, None, problem)
    enter(player, NEW)
    assert player.screen == ChangePin(CHANGE_PIN, PIN, NEW)
    assert player.effects == []


def test_two_that_differ_are_not_given_to_the_card(player: Player) -> None:
    enter(player, PIN, NEW, OTHER)
    assert player.screen == ChangePin(CHANGE_PIN, PIN, None, PinProblem.DIFFERENT)
    assert player.effects == []


def test_a_wrong_old_one_says_the_tries_that_are_left(changing: Player) -> None:
    changing.play(pin_events.PinKept(2, Reason(reason.WRONG_PIN, tries_left=2)))
    assert changing.screen == ChangePin(CHANGE_PIN, problem=PinProblem.WRONG, tries_left=2)


def test_what_the_card_does_not_take_may_be_chosen_anew(changing: Player) -> None:
    changing.play(pin_events.PinKept(2, Reason(reason.CARD_REFUSED)))
    assert changing.screen == ChangePin(CHANGE_PIN, problem=PinProblem.NOT_TAKEN)


@pytest.mark.parametrize(
    ("why", "said"), [(reason.PIN_BLOCKED, reason.PIN_BLOCKED), ("card-busy", reason.PIN_UNCHANGED)]
)
def test_what_else_goes_wrong_leads_back_to_the_services(changing: Player, why: str, said: str) -> None:
    changing.play(pin_events.PinKept(2, Reason(why)))
    assert changing.screen == Refusal(Reason(said), Services())


def test_back_begins_anew_and_leaves_at_the_first(player: Player) -> None:
    enter(player, PIN, NEW)
    player.play(acts.WentBack())
    assert player.screen == ChangePin(CHANGE_PIN)
    player.play(acts.WentBack())
    assert isinstance(shown(player), Services)


def test_somebody_who_forgot_the_old_one_is_told_how_to_go_on(player: Player) -> None:
    player.play(acts.PinForgotten())
    assert player.screen == Refusal(Reason(reason.PIN_FORGOTTEN), Services())


def test_a_card_that_is_taken_before_ends_the_visit(player: Player) -> None:
    enter(player, PIN, NEW)
    player.play(events.CardTaken())
    assert player.state.visit is None
    assert NEW.digits not in repr(player.state)
    assert not isinstance(shown(player), ChangePin)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (pin_events.PinChanged(2, outcome()), reason.PIN_CHANGED_AND_LEFT),
        (pin_events.PinKept(2, Reason(reason.CARD_REMOVED)), reason.PIN_UNCHANGED),
        (pin_events.PinKept(2, Reason(reason.WRONG_PIN, tries_left=2)), reason.PIN_UNCHANGED),
    ],
)
def test_a_card_that_is_taken_meanwhile_ends_the_visit_and_it_is_said_which_pin_it_has(
    changing: Player, answer: events.Event, says: str
) -> None:
    changing.play(acts.LanguageChosen(Language.CHINESE), events.CardTaken())
    assert changing.effects == [effects.EndVisit("token-pin")]
    assert isinstance(shown(changing), ChangingPin)
    changing.play(answer)
    assert refused(changing) == says
    assert changing.state.language is Language.CHINESE


def test_that_the_card_is_gone_may_be_known_first_from_the_card(changing: Player) -> None:
    changing.play(pin_events.PinKept(2, Reason(reason.CARD_REMOVED)))
    assert refused(changing) == reason.PIN_UNCHANGED
    assert changing.effects == [effects.EndVisit("token-pin")]


@pytest.mark.parametrize(
    ("new", "says"), [(True, reason.PIN_IS_NEW), (False, reason.PIN_IS_OLD), (None, reason.PIN_UNKNOWN)]
)
def test_a_lost_answer_is_asked_for_when_the_card_is_back(
    lost: Player,
    new: bool | None,  # noqa: FBT001 - a parameter of the test
    says: str,
) -> None:
    assert shown(lost) == PinLost(CHANGE_PIN, ANA, PIN, NEW)
    lost.play(events.CardInserted(ANA))
    assert shown(lost) == FindingPin(CHANGE_PIN, ANA, 3)
    assert lost.effects == [pin_events.FindPin(3, ANA, PIN, NEW)]
    lost.play(pin_events.PinFound(3, new))
    assert refused(lost) == says
    lost.play(acts.Finished())
    assert isinstance(shown(lost), TakeCard)


def test_whoever_is_asked_for_the_card_again_is_asked_as_they_want_the_screen(changing: Player) -> None:
    changing.play(acts.LanguageChosen(Language.CHINESE), acts.ModeSwitched(Mode.HIGH_CONTRAST, on=True))
    changing.play(events.CardTaken(), pin_events.PinDoubted(2, PIN, NEW))
    assert isinstance(shown(changing), PinLost)
    assert (changing.state.language, changing.state.modes) == (Language.CHINESE, frozenset({Mode.HIGH_CONTRAST}))


def test_another_card_is_told_nothing_and_asked_nothing(lost: Player) -> None:
    lost.play(events.CardInserted(BO))
    assert lost.screen == PinLost(CHANGE_PIN, ANA, PIN, NEW, other_card=True)
    lost.play(events.CardTaken(), events.CardInserted(ANA))
    assert isinstance(shown(lost), FindingPin)


def test_a_card_pulled_again_is_asked_for_again(lost: Player) -> None:
    lost.play(events.CardInserted(ANA), events.CardTaken(), pin_events.PinDoubted(3, PIN, NEW))
    assert shown(lost) == PinLost(CHANGE_PIN, ANA, PIN, NEW)
    lost.play(events.CardInserted(ANA))
    assert shown(lost) == FindingPin(CHANGE_PIN, ANA, 4)


def test_a_card_that_fell_silent_in_the_slot_ends_the_visit_and_is_asked_for(changing: Player) -> None:
    changing.play(pin_events.PinDoubted(2, PIN, NEW))
    assert changing.screen == PinLost(CHANGE_PIN, ANA, PIN, NEW)
    assert (changing.state.visit, changing.effects) == (None, [effects.EndVisit("token-pin")])
    changing.play(events.CardTaken(), events.CardInserted(ANA))
    assert isinstance(shown(changing), FindingPin)


def test_nobody_else_comes_in_between(lost: Player) -> None:
    assert not accepts_tap(lost.state)
    lost.play(events.CardHeld(), events.Tapped(let_in(BO)))
    assert isinstance(shown(lost), PinLost)
    assert lost.effects == [effects.EndVisit("token-tap")]


@pytest.mark.parametrize("end", ["time", "gave up"])
def test_a_card_that_does_not_come_back_may_have_either(lost: Player, end: str) -> None:
    if end == "time":
        lost.now += timedelta(seconds=90)
        lost.play(events.Ticked())
    else:
        lost.play(acts.Finished())
    assert refused(lost) == reason.PIN_UNKNOWN
    assert NEW.digits not in repr(lost.state)


OUT, BACK = events.TakenOutOfService(), events.PutIntoService()
OUTCOMES: dict[str, pin_events.PinEvent] = {
    reason.PIN_CHANGED_AND_LEFT: pin_events.PinChanged(2, outcome()),
    reason.PIN_UNCHANGED: pin_events.PinKept(2, Reason(reason.CARD_REFUSED)),
}


@pytest.mark.parametrize(("said", "came_of_it"), OUTCOMES.items(), ids=list(OUTCOMES))
def test_a_kiosk_that_is_taken_out_of_service_still_says_which_pin_the_card_has(
    changing: Player, said: str, came_of_it: pin_events.PinEvent
) -> None:
    changing.play(OUT)
    assert changing.effects == [effects.EndVisit("token-pin")]
    changing.play(came_of_it)
    assert refused(changing) == said
    changing.play(acts.Finished())
    assert changing.screen == OutOfService()


def test_a_kiosk_out_of_service_lets_the_card_be_put_back_and_nobody_in(lost: Player) -> None:
    lost.play(OUT, events.Tapped(let_in(BO)), events.CardInserted(ANA))
    assert isinstance(lost.screen, FindingPin)
    lost.play(pin_events.PinFound(3, new=True))
    assert refused(lost) == reason.PIN_IS_NEW
    lost.effects.clear()
    lost.play(events.CardTaken(), events.Tapped(let_in(BO)))
    assert shown(lost) == OutOfService()
    assert lost.state.visit is None
    assert lost.effects == [effects.EndVisit("token-tap")]


def test_a_kiosk_that_is_back_in_service_before_that_stays_there(lost: Player) -> None:
    lost.play(OUT, BACK, acts.Finished())
    assert refused(lost) == reason.PIN_UNKNOWN
    lost.play(acts.Finished())
    assert not isinstance(lost.screen, OutOfService)
