"""A citizen signs: each way from the form to the receipt, and each way that it goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.forms import Filled
from kiosk.visit import acts, effects, events, reason
from kiosk.visit.machine import Machine
from kiosk.visit.reason import Reason
from kiosk.visit.screens import (
    Attract,
    Consent,
    Done,
    FillForm,
    InsertCard,
    KioskState,
    PinEntry,
    Refusal,
    Review,
    Screen,
    Sending,
    Services,
    Signing,
    SignPin,
    Submission,
    TakeCard,
)
from readers.piv.pin import Pin
from tests.fixtures.offers import DONATE, LEAVE, OFFERS, outcome, paper, signed

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANA = UUID("a0000000-0000-4000-8000-000000000001")
KEY = UUID("c0000000-0000-4000-8000-000000000003")
LATER_KEY = UUID("c0000000-0000-4000-8000-000000000004")
PIN = Pin("271828")
PAPER = paper()
VALUES = {"litres": 2}
TO_SIGN = Submission(DONATE, KEY, VALUES)
FILLED = FillForm(DONATE, Filled(VALUES))


class Signer:
    """Somebody with the card inside and the PIN entered, who wants to sign."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.state: KioskState = replace(self.machine.start(), offers=OFFERS)
        self.now = NOON
        self.effects: list[effects.Effect] = []
        self.play(events.CardInserted(ANA), acts.PinEntered(PIN))
        who = events.Authenticated(ANA, Level.PIN, "token", NOON + timedelta(minutes=10))
        self.play(events.PinProved(1, who))
        self.effects.clear()

    def play(self, *happenings: events.Event) -> Screen:
        for event in happenings:
            self.state, effects = self.machine.step(self.state, event, self.now)
            self.effects.extend(effects)
        return self.state.screen

    @property
    def screen(self) -> Screen:
        return self.state.screen

    @property
    def job(self) -> int:
        return self.state.last_job

    def fill(self) -> Screen:
        self.play(acts.ServiceChosen("clinic", "donate"), acts.ConsentGiven(UUID(int=1)))
        return self.play(acts.FormSubmitted({"litres": "2"}, KEY))

    def read(self) -> Screen:
        self.fill()
        return self.play(events.Prepared(self.job, PAPER))

    def agree(self) -> Screen:
        self.read()
        return self.play(acts.AgreedToSign(PAPER.sha256))

    def sign(self) -> Screen:
        self.agree()
        return self.play(acts.PinEntered(PIN))

    def hand_in(self) -> Screen:
        self.sign()
        return self.play(events.Signed(self.job, signed(), "assertion"))

    def declined(self, code: str, tries_left: int | None = None) -> Screen:
        return self.play(events.Declined(self.job, Reason(code, tries_left)))


@pytest.fixture
def signer() -> Signer:
    return Signer()


def test_from_the_form_over_the_document_and_the_pin_to_the_receipt(signer: Signer) -> None:
    assert signer.fill() == Sending(TO_SIGN, 2)
    assert signer.effects == [effects.Prepare(2, "token", DONATE, VALUES, Language.ENGLISH)]
    assert signer.play(events.Prepared(2, PAPER)) == Review(TO_SIGN, PAPER)
    assert signer.play(acts.AgreedToSign(PAPER.sha256)) == SignPin(TO_SIGN, PAPER)
    assert signer.play(acts.PinEntered(PIN)) == Signing(TO_SIGN, PAPER, 3)
    assert signer.effects[1:] == [effects.Sign(3, "token", DONATE, PAPER, ANA, PIN)]
    done = replace(TO_SIGN, signed=signed(), assertion="assertion")
    assert signer.play(events.Signed(3, signed(), "assertion")) == Sending(done, 4)
    assert signer.effects[2:] == [effects.Ask(4, DONATE, KEY, "assertion", VALUES, signed())]
    assert signer.play(events.Answered(4, outcome())) == Done(DONATE, outcome(), mark=TO_SIGN.mark)


def test_what_is_signed_asks_for_the_card_and_the_pin_like_any_personal_service() -> None:
    machine = Machine()
    tapped = events.Authenticated(ANA, Level.TAP, "token", NOON + timedelta(minutes=10))
    state = replace(machine.start(), offers=OFFERS)
    for event in (events.CardHeld(), events.Tapped(tapped), acts.ServiceChosen("clinic", "donate")):
        state, _ = machine.step(state, event, NOON)
    assert state.screen == InsertCard(DONATE)
    state, _ = machine.step(state, events.CardInserted(ANA), NOON)
    assert state.screen == PinEntry(ANA, DONATE)


def test_without_questions_the_document_comes_after_the_consent(signer: Signer) -> None:
    signer.play(acts.ServiceChosen("clinic", "leave"), acts.ConsentGiven(KEY))
    assert signer.effects == [effects.Prepare(2, "token", LEAVE, {}, Language.ENGLISH)]
    signer.play(events.Prepared(2, PAPER))
    assert signer.play(acts.WentBack()) == Consent(LEAVE)


def test_nobody_signs_another_document_than_the_one_before_their_eyes(signer: Signer) -> None:
    before = signer.read()
    assert signer.play(acts.AgreedToSign(paper("I donate 5 litres.\n").sha256)) == before
    assert signer.play(acts.PinEntered(PIN)) == before


def test_back_leads_to_the_text_and_then_to_the_form_as_it_was_filled_in(signer: Signer) -> None:
    signer.agree()
    assert signer.play(acts.WentBack()) == Review(TO_SIGN, PAPER)
    assert signer.play(acts.WentBack()) == FILLED
    assert signer.play(acts.FormSubmitted({"litres": "3"}, LATER_KEY)) == Sending(
        Submission(DONATE, LATER_KEY, {"litres": 3}), 3
    )


@pytest.mark.parametrize("agreed", [False, True])
def test_another_language_has_the_document_written_in_it_and_read_again(signer: Signer, agreed: bool) -> None:  # noqa: FBT001
    signer.agree() if agreed else signer.read()
    signer.effects.clear()
    assert signer.play(acts.LanguageChosen(Language.CHINESE)) == Sending(TO_SIGN, 3)
    assert signer.effects == [effects.Prepare(3, "token", DONATE, VALUES, Language.CHINESE)]
    chinese = paper("本人捐献两升。\n", Language.CHINESE)
    assert signer.play(events.Prepared(3, chinese)) == Review(TO_SIGN, chinese)
    assert signer.state.visit is not None


def test_the_same_language_again_changes_nothing(signer: Signer) -> None:
    before = signer.agree()
    assert signer.play(acts.LanguageChosen(Language.ENGLISH)) == before


def test_a_document_that_comes_in_a_language_nobody_reads_any_more_is_not_shown(signer: Signer) -> None:
    signer.fill()
    signer.play(acts.LanguageChosen(Language.PORTUGUESE), events.Prepared(2, PAPER))
    assert signer.screen == Sending(TO_SIGN, 3)
    assert signer.effects[1:] == [effects.Prepare(3, "token", DONATE, VALUES, Language.PORTUGUESE)]


def test_a_wrong_pin_signs_nothing_and_says_how_many_tries_are_left(signer: Signer) -> None:
    signer.sign()
    assert signer.declined(reason.WRONG_PIN, 2) == SignPin(TO_SIGN, PAPER, 2)
    assert signer.play(acts.PinEntered(PIN)) == Signing(TO_SIGN, PAPER, 4)


def test_a_blocked_pin_ends_the_attempt_and_not_the_visit(signer: Signer) -> None:
    signer.sign()
    assert signer.declined(reason.PIN_BLOCKED) == Refusal(Reason(reason.PIN_BLOCKED), Services())


@pytest.mark.parametrize("steps", [Signer.fill, Signer.read, Signer.agree])
def test_the_card_taken_out_ends_the_visit_and_nothing_was_signed(signer: Signer, steps: object) -> None:
    assert callable(steps)
    steps(signer)
    signer.effects.clear()
    assert signer.play(events.CardTaken()) == Attract()
    assert signer.effects == [effects.EndVisit("token")]


def test_the_card_taken_out_while_it_signs_is_said_and_what_comes_of_it_is_dropped(signer: Signer) -> None:
    signer.sign()
    signer.effects.clear()
    assert signer.play(events.CardTaken()) == Refusal(Reason(reason.CARD_REMOVED))
    assert signer.effects == [effects.EndVisit("token")]
    assert signer.play(events.Signed(3, signed(), "assertion")) == Refusal(Reason(reason.CARD_REMOVED))
    assert signer.effects == [effects.EndVisit("token")], "it goes nowhere"


def test_the_card_taken_out_when_it_has_signed_is_said_to_be_too_late(signer: Signer) -> None:
    signer.hand_in()
    assert signer.play(events.CardTaken()) == Refusal(Reason(reason.SIGNED_AND_LEFT))
    assert signer.state.visit is None


@pytest.mark.parametrize("code", sorted(reason.CARD_GONE | reason.VISIT_OVER))
def test_another_card_or_none_ends_the_visit_before_the_reader_says_so(signer: Signer, code: str) -> None:
    signer.sign()
    assert signer.declined(code) == Refusal(Reason(code))
    assert signer.state.visit is None
    signer.now += timedelta(seconds=20)
    assert signer.play(events.Ticked()) == TakeCard()


@pytest.mark.parametrize("code", sorted(reason.SIGN_AGAIN))
def test_what_was_not_signed_may_be_signed_again_by_a_new_request(signer: Signer, code: str) -> None:
    signer.sign()
    again = Review(TO_SIGN, replace(PAPER, challenge=None))
    assert signer.declined(code) == Refusal(Reason(code), again)
    assert signer.play(acts.WentBack()) == again


@pytest.mark.parametrize("code", sorted(reason.SPENT))
def test_a_signature_that_came_to_nothing_is_said_to(signer: Signer, code: str) -> None:
    signer.sign()
    again = Review(TO_SIGN, replace(PAPER, challenge=None))
    assert signer.declined(code) == Refusal(Reason(reason.NOT_SIGNED), again)


def test_a_text_gone_back_to_in_another_language_is_written_in_that(signer: Signer) -> None:
    signer.sign()
    signer.declined(reason.SERVICE_UNREACHABLE)
    signer.play(acts.LanguageChosen(Language.PORTUGUESE))
    assert signer.play(acts.WentBack()) == Sending(TO_SIGN, 4)


def test_a_document_that_is_too_old_is_prepared_again_and_read_again(signer: Signer) -> None:
    signer.sign()
    signer.effects.clear()
    again = replace(TO_SIGN, reread=True)
    assert signer.declined(reason.PREPARED_REFUSED) == Sending(again, 4)
    assert signer.effects == [effects.Prepare(4, "token", DONATE, VALUES, Language.ENGLISH)]
    assert signer.play(events.Prepared(4, PAPER)) == Review(again, PAPER)


def test_a_document_refused_again_and_again_does_not_go_round_by_itself(signer: Signer) -> None:
    signer.fill()
    why = Reason(reason.PREPARED_REFUSED)
    assert signer.declined(reason.PREPARED_REFUSED) == Refusal(why, Services(), TO_SIGN)


def test_what_the_department_does_not_prepare_can_be_put_right_in_the_form(signer: Signer) -> None:
    signer.fill()
    assert signer.declined(reason.DEPARTMENT_REFUSED) == Refusal(Reason(reason.DEPARTMENT_REFUSED), FILLED)
    assert signer.play(acts.WentBack()) == FILLED


@pytest.mark.parametrize("code", sorted(reason.WORTH_ANOTHER_TRY))
def test_preparing_is_tried_again_when_somebody_does_not_answer(signer: Signer, code: str) -> None:
    signer.fill()
    assert signer.declined(code) == Refusal(Reason(code), FILLED, TO_SIGN)
    assert signer.play(acts.TriedAgain()) == Sending(TO_SIGN, 3)


@pytest.mark.parametrize("code", sorted(reason.WORTH_ANOTHER_TRY))
def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_the_same_signature(signer: Signer, code: str) -> None:
    signer.hand_in()
    first = signer.effects[-1]
    assert isinstance(first, effects.Ask)
    refused = signer.declined(code)
    assert isinstance(refused, Refusal)
    assert refused.resume == Services(), "the form would make another request of it"
    signer.play(acts.TriedAgain())
    assert signer.effects[-1] == replace(first, job=5)


def test_a_confirmation_that_ran_out_is_made_anew_under_the_same_key(signer: Signer) -> None:
    signer.hand_in()
    signer.declined(reason.CONFIRMATION_OVER)
    again = replace(TO_SIGN, reread=True)
    assert signer.play(acts.TriedAgain()) == Sending(again, 5)
    signer.play(events.Prepared(5, PAPER), acts.AgreedToSign(PAPER.sha256), acts.PinEntered(PIN))
    signer.play(events.Signed(6, signed(), "second assertion"))
    assert signer.effects[-1] == effects.Ask(7, DONATE, KEY, "second assertion", VALUES, signed())


def test_a_department_that_says_no_to_what_was_signed_leads_back_to_the_form(signer: Signer) -> None:
    signer.hand_in()
    signer.declined(reason.DEPARTMENT_REFUSED)
    assert signer.play(acts.WentBack()) == FILLED
    signer.play(acts.FormSubmitted({"litres": "2"}, LATER_KEY))
    assert signer.screen == Sending(Submission(DONATE, LATER_KEY, VALUES), 5)


def test_a_card_that_may_not_sign_is_told_before_anything_is_read(signer: Signer) -> None:
    signer.fill()
    assert signer.declined("key-origin-refused") == Refusal(Reason("key-origin-refused"), Services())


def test_a_signature_that_takes_too_long_is_given_up(signer: Signer) -> None:
    signer.sign()
    signer.now += timedelta(seconds=60)
    assert signer.play(events.Ticked()) == Refusal(Reason(reason.TOO_SLOW))


@pytest.mark.parametrize("steps", [Signer.fill, Signer.sign])
def test_what_comes_for_an_earlier_attempt_is_dropped(signer: Signer, steps: object) -> None:
    assert callable(steps)
    before = steps(signer)
    late = events.Prepared(1, PAPER), events.Signed(1, signed(), "assertion"), events.Declined(1, Reason("x"))
    assert signer.play(*late) == before
