"""Two people with a card each, in turn: each step, whose card it is, and what the second one never comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Outcome
from kiosk.offers import Offer
from kiosk.screen.turn_views import photograph_of
from kiosk.visit import acts, effects, events, reason, turn_events
from kiosk.visit.cards import accepts_tap
from kiosk.visit.reason import Reason
from kiosk.visit.screens import (
    Attract,
    Consent,
    Done,
    FillForm,
    KioskState,
    Mode,
    PinEntry,
    Refusal,
    Review,
    Services,
    TakeCard,
)
from kiosk.visit.turn_screens import AwaitSecond, HandOver, PhotographPin, ReadingPhotograph, Turn
from tests.fixtures.offers import ALIVE, MANDATE, OFFERS, TURNS, outcome, paper, signed
from tests.unit.kiosk.visit.test_machine import ANA, BO, KEY, NOON, PIN, Player, let_in

UNTIL = NOON + timedelta(minutes=10)
BEGUN = Outcome(title={"en": "Please call an attendant"}, receipt="SI-0001", open_until=UNTIL)
PHOTO = b"\xff\xd8\xff of ana"
SECOND, ACCEPT = cast("Offer", ALIVE.second), cast("Offer", MANDATE.second)


def shown(player: Player) -> object:
    return player.screen


def done(player: Player) -> tuple[Offer, Outcome]:
    assert isinstance(player.screen, Done)
    return player.screen.offer, player.screen.outcome


@pytest.fixture
def player() -> Player:
    """Ana, whose card is in the slot and whose PIN was right."""
    player = Player()
    player.state = replace(player.state, offers=OFFERS + TURNS)
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN), events.PinProved(1, let_in(level=Level.PIN)))
    return player


@pytest.fixture
def asked(player: Player) -> Player:
    """She has asked, and the department waits for somebody else."""
    player.play(acts.ServiceChosen(*ALIVE.key), acts.ConsentGiven(KEY), events.Exchanged(2, "a"))
    player.play(events.Answered(3, BEGUN))
    player.effects.clear()
    return player


@pytest.fixture
def waiting(asked: Player) -> Player:
    """Her photograph was read, and her card taken."""
    asked.play(acts.PinEntered(PIN), turn_events.Photographed(4, PHOTO), events.CardTaken())
    asked.effects.clear()
    return asked


@pytest.fixture
def second(waiting: Player) -> Player:
    """Bo has come, and his PIN was right."""
    proved = let_in(BO, Level.PIN, "token-of-bo")
    waiting.play(events.CardInserted(BO), acts.PinEntered(PIN), events.PinProved(5, proved))
    waiting.effects.clear()
    return waiting


def test_the_photograph_is_read_with_the_pin_before_the_card_is_taken(asked: Player) -> None:
    turn = Turn(ALIVE, SECOND, "SI-0001", UNTIL, ANA)
    assert shown(asked) == PhotographPin(turn)
    asked.play(acts.PinEntered(PIN))
    assert asked.effects == [turn_events.ReadPhotograph(4, ANA, PIN)]
    asked.play(turn_events.Photographed(4, PHOTO))
    assert shown(asked) == HandOver(replace(turn, photograph=PHOTO))


def test_with_her_card_her_visit_is_over_and_only_the_turn_is_left(asked: Player) -> None:
    asked.play(acts.LanguageChosen(Language.PORTUGUESE), acts.ModeSwitched(Mode.LARGE_TEXT, on=True))
    asked.play(acts.PinEntered(PIN), turn_events.Photographed(4, PHOTO))
    asked.effects.clear()
    asked.play(events.CardTaken())
    assert asked.effects == [effects.EndVisit("token-pin")]
    assert asked.state == KioskState(
        AwaitSecond(),
        language=Language.PORTUGUESE,
        modes=frozenset({Mode.LARGE_TEXT}),
        deadline=NOON + timedelta(minutes=5),
        turn=Turn(ALIVE, SECOND, "SI-0001", UNTIL, ANA, PHOTO),
        last_job=4,
        offers=OFFERS + TURNS,
    )


def test_a_wrong_pin_says_the_tries_and_a_card_without_a_photograph_leads_back(asked: Player) -> None:
    asked.play(acts.PinEntered(PIN), turn_events.NotPhotographed(4, Reason(reason.WRONG_PIN, tries_left=2)))
    assert isinstance(shown(asked), PhotographPin)
    asked.play(acts.PinEntered(PIN), turn_events.NotPhotographed(5, Reason(reason.NO_PHOTOGRAPH)))
    assert shown(asked) == Refusal(Reason(reason.NO_PHOTOGRAPH), Services())


@pytest.mark.parametrize("steps", [0, 1])
def test_a_card_that_is_taken_before_the_photograph_was_read_ends_it(asked: Player, steps: int) -> None:
    asked.play(*[acts.PinEntered(PIN)][:steps], events.CardTaken())
    assert asked.state.visit is None
    assert asked.state.turn is None
    assert isinstance(shown(asked), Refusal if steps else Attract)


def test_the_second_one_comes_straight_to_what_was_begun_and_sees_the_photograph_there_only(waiting: Player) -> None:
    seen = [photograph_of(waiting.state)]
    waiting.play(events.CardInserted(BO))
    assert shown(waiting) == PinEntry(BO, SECOND)
    seen.append(photograph_of(waiting.state))
    waiting.play(acts.PinEntered(PIN), events.PinProved(5, let_in(BO, Level.PIN, "token-of-bo")))
    assert shown(waiting) == Consent(SECOND)
    seen.append(photograph_of(waiting.state))
    waiting.effects.clear()
    waiting.play(acts.ConsentGiven(KEY))
    assert waiting.effects == [turn_events.AskAdmission(6, "token-of-bo", SECOND, "SI-0001")]
    seen.append(photograph_of(waiting.state))
    waiting.play(turn_events.Admitted(6))
    assert shown(waiting) == FillForm(SECOND)
    assert seen == [None, None, None, None]
    assert photograph_of(waiting.state) == PHOTO


def test_what_the_second_one_says_goes_on_with_the_receipt_and_everything_of_the_first_is_forgotten(
    second: Player,
) -> None:
    second.play(
        acts.ConsentGiven(KEY),
        turn_events.Admitted(6),
        acts.FormSubmitted({"face": "same"}, KEY),
        acts.Checked(),
        events.Exchanged(7, "b"),
    )
    (_, exchange, ask) = second.effects
    assert exchange == effects.Exchange(7, "token-of-bo", SECOND)
    assert ask == effects.Ask(8, SECOND, KEY, "b", {"face": "same"}, continues="SI-0001")
    second.play(events.Answered(8, outcome()))
    assert done(second) == (SECOND, outcome())
    assert second.state.turn is None
    assert str(ANA) not in repr(second.state)
    second.play(acts.WentBack())
    assert isinstance(shown(second), Services), "his own visit goes on"


def test_the_first_ones_card_is_not_taken_again(waiting: Player) -> None:
    waiting.play(events.CardInserted(ANA))
    assert shown(waiting) == AwaitSecond(first_again=True)
    assert waiting.effects == []
    waiting.play(events.CardTaken(), events.CardInserted(BO))
    assert shown(waiting) == PinEntry(BO, SECOND)


def test_a_tap_is_not_enough_for_the_second_one(waiting: Player) -> None:
    assert not accepts_tap(waiting.state)
    waiting.play(events.CardHeld(), events.Tapped(let_in(BO)))
    assert isinstance(shown(waiting), AwaitSecond)
    assert waiting.effects == [effects.EndVisit("token-tap")]


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [acts.PinEntered(PIN)],
        [acts.PinEntered(PIN), events.PinProved(5, let_in(BO, Level.PIN))],
        [acts.PinEntered(PIN), events.PinProved(5, let_in(BO, Level.PIN)), acts.ConsentGiven(KEY)],
        [acts.PinEntered(PIN), events.PinRefused(5, Reason("card-not-active", card_state="held"))],
    ],
)
def test_a_second_card_that_is_taken_away_leaves_the_turn_open_to_another(
    waiting: Player, steps: list[events.Event]
) -> None:
    before = waiting.state.turn
    waiting.play(events.CardInserted(BO), *steps, events.CardTaken())
    assert shown(waiting) == AwaitSecond()
    assert (waiting.state.visit, waiting.state.turn) == (None, before)
    begun = [effect for effect in waiting.effects if isinstance(effect, effects.EndVisit)]
    assert len(begun) == any(isinstance(step, events.PinProved) for step in steps)


@pytest.mark.parametrize(
    "why", [reason.DEPARTMENT_REFUSED, reason.DEPARTMENT_UNREACHABLE, reason.DEPARTMENT_CONFUSED, reason.UNEXPECTED]
)
def test_whoever_is_not_admitted_sees_no_photograph_and_another_one_may_come(second: Player, why: str) -> None:
    second.play(acts.ConsentGiven(KEY), events.Declined(6, Reason(why)))
    assert isinstance(shown(second), Refusal)
    assert photograph_of(second.state) is None
    second.effects.clear()
    second.play(acts.WentBack())
    assert (shown(second), second.state.visit) == (AwaitSecond(), None)
    assert second.effects == [effects.EndVisit("token-of-bo")]


def test_trying_again_asks_for_admission_again_and_shows_nothing_meanwhile(second: Player) -> None:
    second.play(acts.ConsentGiven(KEY), events.Declined(6, Reason(reason.DEPARTMENT_UNREACHABLE)), acts.TriedAgain())
    assert second.effects[-1] == turn_events.AskAdmission(7, "token-of-bo", SECOND, "SI-0001")
    second.play(turn_events.Admitted(6))
    assert photograph_of(second.state) is None, "an answer to the first question is too late"
    second.play(turn_events.Admitted(7))
    assert photograph_of(second.state) == PHOTO


def test_one_who_is_admitted_admits_nobody_after_them(second: Player) -> None:
    second.play(acts.ConsentGiven(KEY), turn_events.Admitted(6), events.CardTaken())
    assert photograph_of(second.state) is None
    second.play(events.CardInserted(BO), acts.PinEntered(PIN))
    second.play(events.PinProved(7, let_in(BO, Level.PIN, "another")), acts.ConsentGiven(KEY))
    assert second.effects[-1] == turn_events.AskAdmission(8, "another", SECOND, "SI-0001")
    assert photograph_of(second.state) is None


@pytest.mark.parametrize("backs", [1, 2])
def test_the_second_one_comes_to_no_services(second: Player, backs: int) -> None:
    if backs == 2:
        second.play(acts.ConsentGiven(KEY), turn_events.Admitted(6))
    second.play(*[acts.WentBack()] * backs)
    assert (shown(second), second.state.visit) == (AwaitSecond(), None)


def test_nobody_who_comes_is_told_and_it_is_forgotten(waiting: Player) -> None:
    waiting.now += timedelta(minutes=5)
    waiting.play(events.Ticked())
    assert shown(waiting) == Refusal(Reason(reason.NOBODY_CAME))
    assert waiting.state.turn is None


def test_whoever_comes_after_the_time_is_over_finds_nothing(waiting: Player) -> None:
    waiting.play(events.CardInserted(BO))
    waiting.now = UNTIL
    waiting.play(events.CardTaken())
    assert (shown(waiting), waiting.state.turn) == (Attract(), None)


def test_somebody_may_give_up_before_and_after_taking_the_card(asked: Player, player: Player) -> None:
    asked.play(acts.PinEntered(PIN), turn_events.Photographed(4, PHOTO), acts.Finished())
    assert (shown(asked), asked.state.turn) == (TakeCard(), None)


def test_an_attendant_who_goes_and_leaves_the_card_ends_it(second: Player) -> None:
    second.play(acts.ConsentGiven(KEY), turn_events.Admitted(6))
    second.now += timedelta(seconds=90)
    second.play(events.Ticked())
    assert (shown(second), second.state.turn) == (TakeCard(), None)


def test_late_photographs_are_dropped(waiting: Player) -> None:
    before = waiting.state
    waiting.play(turn_events.Photographed(4, b"\xff\xd8\xff late"))
    assert waiting.state == before
    assert not isinstance(shown(waiting), ReadingPhotograph)


def test_both_sign_the_same_paper_without_a_photograph(player: Player) -> None:
    player.play(acts.ServiceChosen(*MANDATE.key), acts.ConsentGiven(KEY))
    player.play(events.Prepared(2, paper()), acts.AgreedToSign(paper().sha256), acts.PinEntered(PIN))
    player.play(events.Signed(3, signed(), "a"), events.Answered(4, BEGUN))
    assert shown(player) == HandOver(Turn(MANDATE, ACCEPT, "SI-0001", UNTIL, ANA))
    player.play(events.CardTaken(), events.CardInserted(BO), acts.PinEntered(PIN))
    player.play(events.PinProved(5, let_in(BO, Level.PIN, "token-of-bo")))
    player.effects.clear()
    player.play(acts.ConsentGiven(KEY))
    assert player.effects == [effects.Prepare(6, "token-of-bo", ACCEPT, {}, Language.ENGLISH, "SI-0001")]
    player.play(events.Prepared(6, paper()))
    assert isinstance(shown(player), Review)
    player.play(acts.AgreedToSign(paper().sha256), acts.PinEntered(PIN), events.Signed(7, signed(), "b"))
    ask = player.effects[-1]
    assert isinstance(ask, effects.Ask)
    assert (ask.continues, ask.signed) == ("SI-0001", signed())
    player.play(events.Answered(8, outcome()))
    assert done(player) == (ACCEPT, outcome())
