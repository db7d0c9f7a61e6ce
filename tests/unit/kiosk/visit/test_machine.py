"""Each way through a visit, one by one. (What holds on all ways: test_forgetting.py.)"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.forms import Filled
from kiosk.visit import acts, effects, events, reason
from kiosk.visit.cards import accepts_tap
from kiosk.visit.machine import Machine
from kiosk.visit.reason import Reason
from kiosk.visit.screens import (
    Attract,
    Check,
    CheckingPin,
    Consent,
    Done,
    FillForm,
    InsertCard,
    KioskState,
    PinEntry,
    Reading,
    Refusal,
    Sending,
    Services,
    Submission,
    TakeCard,
    Trouble,
)
from readers.piv.pin import Pin
from tests.fixtures.offers import BALANCE, CHECK_IN, OFFERS, OPENING_HOURS, outcome

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANA = UUID("a0000000-0000-4000-8000-000000000001")
BO = UUID("b0000000-0000-4000-8000-000000000002")
KEY = UUID("c0000000-0000-4000-8000-000000000003")
PIN = Pin("271828")
CODES = {"check-in": CHECK_IN, "balance": BALANCE, "opening-hours": OPENING_HOURS}


def let_in(card: UUID = ANA, level: Level = Level.TAP, token: str = "") -> events.Authenticated:
    return events.Authenticated(card, level, token or f"token-{level}", NOON + timedelta(minutes=10))


class Player:
    """Plays events against the machine and keeps what it wants done."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.state = replace(self.machine.start(), offers=OFFERS)
        self.now = NOON
        self.effects: list[effects.Effect] = []

    def play(self, *happenings: events.Event) -> KioskState:
        for event in happenings:
            self.state, effects = self.machine.step(self.state, event, self.now)
            self.effects.extend(effects)
        return self.state

    def choose(self, service: str) -> KioskState:
        return self.play(acts.ServiceChosen(CODES[service].department, service))

    def take_effect(self) -> effects.Effect:
        return self.effects.pop(0)

    @property
    def screen(self) -> object:
        return self.state.screen


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.fixture
def tapped(player: Player) -> Player:
    player.play(events.CardHeld(), events.Tapped(let_in()))
    return player


@pytest.fixture
def with_pin(player: Player) -> Player:
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN))
    player.play(events.PinProved(player.state.last_job, let_in(level=Level.PIN)))
    player.effects.clear()
    return player


def test_a_tap_is_read_and_opens_the_services(player: Player) -> None:
    assert player.play(events.CardHeld()).screen == Reading()
    assert player.play(events.Tapped(let_in())).screen == Services()
    assert player.state.visit is not None
    assert player.state.visit.level is Level.TAP
    assert player.effects == []


def test_a_refused_tap_shows_why_and_gives_way_to_the_next(player: Player) -> None:
    player.play(events.CardHeld(), events.TapRefused(Reason("unknown-card")))
    assert player.screen == Refusal(Reason("unknown-card"))
    assert accepts_tap(player.state)
    assert player.play(events.CardHeld()).screen == Reading()


def test_a_tap_service_asks_for_consent_then_its_questions_then_is_sent(tapped: Player) -> None:
    assert tapped.choose("check-in").screen == Consent(CHECK_IN)
    assert tapped.play(acts.ConsentGiven(KEY)).screen == FillForm(CHECK_IN)
    tapped.play(acts.FormSubmitted({"complaint": "fever", "since_days": "3"}, KEY))
    assert (type(tapped.screen), tapped.effects) == (Check, [])
    tapped.play(acts.Checked())
    assert isinstance(tapped.screen, Sending)
    exchange = tapped.take_effect()
    assert exchange == effects.Exchange(1, "token-tap", CHECK_IN)
    tapped.play(events.Exchanged(1, "assertion"))
    ask = tapped.take_effect()
    assert ask == effects.Ask(2, CHECK_IN, KEY, "assertion", {"complaint": "fever", "since_days": 3})
    assert tapped.play(events.Answered(2, outcome())).screen == Done(
        CHECK_IN, outcome(), mark=Submission(CHECK_IN, KEY).mark
    )


def test_from_the_second_look_one_comes_back_to_the_form(tapped: Player) -> None:
    tapped.choose("check-in")
    tapped.play(acts.ConsentGiven(KEY), acts.FormSubmitted({"complaint": "fever", "since_days": "3"}, KEY))
    tapped.play(acts.WentBack())
    assert tapped.screen == FillForm(CHECK_IN, Filled({"complaint": "fever", "since_days": 3}))
    assert tapped.effects == []


def test_nothing_is_sent_without_consent(tapped: Player) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.FormSubmitted({}, KEY), acts.TriedAgain(), acts.Touched())
    assert tapped.effects == []
    assert tapped.play(acts.WentBack()).screen == Services("library")


def test_a_service_without_questions_goes_straight_from_consent(tapped: Player) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.ConsentGiven(KEY))
    assert isinstance(tapped.screen, Sending)


def test_a_wrong_form_is_shown_again_with_what_was_entered(tapped: Player) -> None:
    tapped.choose("check-in")
    tapped.play(acts.ConsentGiven(KEY), acts.FormSubmitted({"since_days": "-1"}, KEY))
    assert isinstance(tapped.screen, FillForm)
    assert set(tapped.screen.filled.errors) == {"complaint"}
    assert tapped.effects == []


def test_a_pin_service_asks_for_the_card_then_the_pin_then_goes_on_with_it(tapped: Player) -> None:
    assert tapped.choose("balance").screen == InsertCard(BALANCE)
    assert tapped.play(events.CardInserted(ANA)).screen == PinEntry(ANA, BALANCE)
    assert tapped.play(acts.PinEntered(PIN)).screen == CheckingPin(ANA, BALANCE, 1)
    assert tapped.take_effect() == effects.ProvePin(1, ANA, PIN)
    tapped.play(events.PinProved(1, let_in(level=Level.PIN)))
    assert tapped.screen == Consent(BALANCE)
    assert tapped.take_effect() == effects.EndVisit("token-tap"), "the visit at the lower level is over"


def test_the_service_hears_now_and_then_that_somebody_is_there(tapped: Player) -> None:
    for seconds, told in ((29, 0), (1, 1), (29, 0), (29, 1)):
        tapped.effects.clear()
        tapped.now += timedelta(seconds=seconds)
        tapped.play(acts.Touched())
        assert tapped.effects == [effects.KeepVisit("token-tap")] * told
    tapped.effects.clear()
    tapped.now += timedelta(seconds=60)
    tapped.play(events.Ticked())
    assert tapped.effects == [], "time alone is no sign of anybody"


def test_without_a_network_no_service_hears_of_it(player: Player) -> None:
    player.play(events.AdmittedOffline(ANA, frozenset({CHECK_IN.key})))
    player.now += timedelta(seconds=60)
    player.play(acts.Touched())
    assert player.effects == []


def test_another_card_does_not_step_up(tapped: Player) -> None:
    tapped.choose("balance")
    tapped.play(events.CardInserted(BO))
    assert tapped.screen == Refusal(Reason(reason.OTHER_CARD), resume=InsertCard(BALANCE))
    assert tapped.play(acts.PinEntered(PIN)).screen == tapped.screen
    assert tapped.effects == []
    assert tapped.play(events.CardTaken()).screen == InsertCard(BALANCE)


def test_a_proof_of_another_card_than_the_one_that_was_put_in_is_ended(player: Player) -> None:
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN))
    player.effects.clear()
    player.play(events.PinProved(1, let_in(BO, Level.PIN, "bo")))
    assert player.effects == [effects.EndVisit("bo")]
    assert player.state.visit is None


def test_a_wrong_pin_says_how_many_tries_are_left(player: Player) -> None:
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN))
    player.play(events.PinRefused(1, Reason(reason.WRONG_PIN, tries_left=2)))
    assert player.screen == PinEntry(ANA, None, tries_left=2)


@pytest.mark.parametrize(("left", "said"), [(None, None), (3, None), (2, 2), (1, 1), (0, None)])
def test_few_tries_are_said_before_the_first(player: Player, left: int | None, said: int | None) -> None:
    assert player.play(events.CardInserted(ANA, left)).screen == PinEntry(ANA, few=said)


def test_whoever_forgot_the_pin_reads_how_to_go_on_and_comes_back(player: Player) -> None:
    player.play(events.CardInserted(ANA, 1), acts.PinForgotten())
    assert player.screen == Refusal(Reason(reason.PIN_FORGOTTEN), resume=PinEntry(ANA, few=1))
    assert player.state.deadline == player.now + player.machine.rules.idle
    assert player.play(acts.WentBack()).screen == PinEntry(ANA, few=1)
    assert player.play(acts.PinForgotten(), events.CardTaken()).screen == Attract()


def test_a_blocked_pin_leaves_the_tap_visit_open(tapped: Player) -> None:
    tapped.choose("balance")
    tapped.play(events.CardInserted(ANA), acts.PinEntered(PIN))
    tapped.play(events.PinRefused(1, Reason(reason.PIN_BLOCKED)))
    assert tapped.screen == Refusal(Reason(reason.PIN_BLOCKED), resume=Services())


@pytest.mark.parametrize("service", ["check-in", "opening-hours"])
def test_the_card_taken_out_ends_a_pin_visit_wherever_it_is(with_pin: Player, service: str) -> None:
    with_pin.choose(service)
    with_pin.play(acts.ConsentGiven(KEY))
    with_pin.effects.clear()
    assert with_pin.play(events.CardTaken()).screen == Attract()
    assert with_pin.effects == [effects.EndVisit("token-pin")]


def test_the_card_taken_out_while_the_pin_is_checked_is_said(player: Player) -> None:
    player.play(events.CardInserted(ANA), acts.PinEntered(PIN), events.CardTaken())
    assert player.screen == Refusal(Reason(reason.CARD_REMOVED))
    player.effects.clear()
    player.play(events.PinProved(1, let_in(level=Level.PIN)))
    assert player.effects == [effects.EndVisit("token-pin")], "nobody is there for it any more"


def test_finishing_with_the_card_inside_asks_to_take_it(with_pin: Player) -> None:
    assert with_pin.play(acts.Finished()).screen == TakeCard()
    assert with_pin.effects == [effects.EndVisit("token-pin")]
    assert with_pin.play(events.CardTaken()).screen == Attract()


@pytest.mark.parametrize("over", [acts.Finished(), None], ids=["finished", "timed-out"])
def test_whoever_is_asked_to_take_the_card_is_asked_in_their_language(
    with_pin: Player, over: acts.Finished | None
) -> None:
    with_pin.play(acts.LanguageChosen(Language.CHINESE))
    with_pin.now += timedelta(minutes=11)
    left = with_pin.play(over or events.Ticked())
    assert (left.screen, left.language) == (TakeCard(), Language.CHINESE)
    taken = with_pin.play(events.CardTaken())
    assert (taken.screen, taken.language) == (Attract(), Language.ENGLISH)


def test_idle_for_ninety_seconds_ends_the_visit(tapped: Player) -> None:
    tapped.now = NOON + timedelta(seconds=89)
    assert tapped.play(events.Ticked()).screen == Services()
    tapped.play(acts.Touched())
    tapped.now = NOON + timedelta(seconds=178)
    assert tapped.play(events.Ticked()).screen == Services()
    tapped.now = NOON + timedelta(seconds=179)
    assert tapped.play(events.Ticked()).screen == Attract()
    assert tapped.effects == [effects.KeepVisit("token-tap"), effects.EndVisit("token-tap")]


def test_ten_minutes_end_the_visit_whatever_happens(tapped: Player) -> None:
    for seconds in range(0, 600, 60):
        tapped.now = NOON + timedelta(seconds=seconds)
        tapped.play(acts.Touched(), events.Ticked())
        assert tapped.state.visit is not None
    tapped.now = NOON + timedelta(minutes=10)
    assert tapped.play(events.Ticked()).screen == Attract()


def test_the_same_card_tapped_again_renews_the_visit_in_its_place(tapped: Player) -> None:
    tapped.choose("check-in")
    tapped.play(events.Tapped(let_in(token="second")))
    assert tapped.screen == Consent(CHECK_IN)
    assert tapped.effects == [effects.EndVisit("token-tap")]


def test_another_card_tapped_ends_the_visit_and_begins_its_own(tapped: Player) -> None:
    tapped.choose("check-in")
    tapped.play(acts.LanguageChosen(Language.PORTUGUESE), events.Tapped(let_in(BO, token="bo")))
    assert tapped.screen == Services()
    assert tapped.state.visit is not None
    assert tapped.state.visit.card_uuid == BO
    assert tapped.state.language is Language.ENGLISH
    assert tapped.effects == [effects.EndVisit("token-tap")]


def test_a_tap_while_a_card_is_inside_is_not_accepted(with_pin: Player) -> None:
    assert not accepts_tap(with_pin.state)
    with_pin.play(events.Tapped(let_in(BO, token="bo")))
    assert with_pin.effects == [effects.EndVisit("bo")]
    assert with_pin.state.visit is not None
    assert with_pin.state.visit.card_uuid == ANA


def test_two_cards_at_once_are_told_as_long_as_there_are_two(with_pin: Player) -> None:
    assert with_pin.play(events.SecondCardHeld()).second_card
    assert with_pin.state.visit is not None
    assert with_pin.state.visit.card_uuid == ANA
    assert not with_pin.play(events.SecondCardGone()).second_card
    assert with_pin.play(events.SecondCardHeld()).second_card
    assert not with_pin.play(events.CardTaken()).second_card, "the one that is left is alone"


def test_a_card_alone_is_no_second_one(player: Player) -> None:
    assert not player.play(events.CardHeld(), events.SecondCardHeld()).second_card


@pytest.mark.parametrize("code", sorted(reason.WORTH_ANOTHER_TRY))
def test_what_may_pass_is_tried_again_with_the_same_key(tapped: Player, code: str) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.ConsentGiven(KEY), events.Exchanged(1, "assertion"))
    first = tapped.effects[-1]
    tapped.play(events.Declined(2, Reason(code)), acts.TriedAgain())
    second = tapped.effects[-1]
    assert isinstance(first, effects.Ask)
    assert second == replace(first, job=3)


def test_a_visit_that_is_over_at_the_service_ends_here(tapped: Player) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.ConsentGiven(KEY), events.Declined(1, Reason("visit-ended")))
    assert tapped.screen == Refusal(Reason("visit-ended"))
    assert tapped.state.visit is None


@pytest.mark.parametrize("code", sorted(reason.STEP_UP_REQUIRED))
def test_a_policy_that_wants_more_than_the_manifest_says_leads_to_the_pin(tapped: Player, code: str) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.ConsentGiven(KEY), events.Declined(1, Reason(code)))
    assert tapped.screen == InsertCard(OPENING_HOURS)


def test_an_answer_to_an_earlier_attempt_is_dropped(tapped: Player) -> None:
    tapped.choose("opening-hours")
    tapped.play(acts.ConsentGiven(KEY))
    before = tapped.state
    assert (
        tapped.play(events.Answered(0, outcome()), events.Exchanged(7, "x"), events.Declined(0, Reason("x"))) == before
    )


def test_the_language_changes_anywhere_and_loses_nothing(tapped: Player) -> None:
    tapped.choose("check-in")
    tapped.play(acts.ConsentGiven(KEY), acts.LanguageChosen(Language.CHINESE))
    assert tapped.screen == FillForm(CHECK_IN)
    assert tapped.state.language is Language.CHINESE


def test_a_language_chosen_by_somebody_who_left_is_forgotten(player: Player) -> None:
    player.play(acts.LanguageChosen(Language.PORTUGUESE))
    player.now += timedelta(seconds=90)
    assert player.play(events.Ticked()).language is Language.ENGLISH


def test_work_that_is_never_answered_is_given_up(player: Player) -> None:
    player.play(events.CardHeld())
    player.now += timedelta(seconds=60)
    assert player.play(events.Ticked()).screen == Refusal(Reason(reason.TOO_SLOW))


def test_an_unreadable_card_is_refused_until_it_is_taken_out(player: Player) -> None:
    player.play(events.CardUnreadable(Reason("not-a-citizen-card")))
    assert player.screen == Refusal(Reason("not-a-citizen-card"))
    player.now += timedelta(seconds=20)
    assert player.play(events.Ticked()).screen == TakeCard()
    assert player.play(events.CardTaken()).screen == Attract()


def test_troubles_come_and_go(player: Player) -> None:
    player.play(events.TroubleSeen(Trouble.SERVICE), events.TroubleSeen(Trouble.CONTACT_READER))
    assert player.play(events.TroubleGone(Trouble.SERVICE)).troubles == {Trouble.CONTACT_READER}
