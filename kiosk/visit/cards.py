"""What cards do to a visit: held to the contactless reader, put into the contact reader, taken out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cardsvc.wire.levels import Level
from kiosk.offers import Offer
from kiosk.visit import acts, effects, events, pin_change, reason, turns
from kiosk.visit.effects import AskNews, EndVisit
from kiosk.visit.ending import AT_WORK, IN_DOUBT, Moment, Step, end, refuse, tell_service
from kiosk.visit.pin_screens import ChangePin, ChangingPin
from kiosk.visit.reason import Reason
from kiosk.visit.requests import begin
from kiosk.visit.screens import (
    Check,
    CheckingPin,
    Consent,
    Done,
    FillForm,
    HoldAgain,
    InsertCard,
    KioskState,
    OutOfService,
    PinEntry,
    Place,
    Reading,
    Refusal,
    Review,
    Screen,
    Sending,
    Services,
    Signing,
    SignPin,
    TakeCard,
    Visit,
)
from kiosk.visit.turn_screens import AwaitSecond, HandOver, PhotographPin, ReadingPhotograph

USUAL_TRIES: Final = 3
"""Of a PIN that nobody has entered wrongly."""


def accepts_tap(state: KioskState) -> bool:
    """Whether a card on the contactless reader is to be read now: not while another is put in, nor at work."""
    busy = (Reading, OutOfService, *AT_WORK, *IN_DOUBT)
    return not state.card_inside and state.turn is None and not isinstance(state.screen, busy)


# The contactless reader


def on_card_held(state: KioskState, _event: events.CardHeld, _moment: Moment) -> Step:
    state = replace(state, card_held=True)
    if state.visit is None and accepts_tap(state):
        return replace(state, screen=Reading()), ()
    return state, ()


def on_second_card_held(state: KioskState, _event: events.SecondCardHeld, _moment: Moment) -> Step:
    return replace(state, second_card=state.card_inside), ()


def on_second_card_gone(state: KioskState, _event: events.SecondCardGone, _moment: Moment) -> Step:
    return replace(state, second_card=False), ()


def on_tapped(state: KioskState, event: events.Tapped, moment: Moment) -> Step:
    """Begin a visit. The same card again renews its visit; another card ends the visit of the one before."""
    who = event.authenticated
    if state.card_inside or state.turn or isinstance(state.screen, (*AT_WORK, *IN_DOUBT)):
        return state, (EndVisit(who.token),)
    visit = moment.begin(who)
    if state.visit and state.visit.card_uuid == who.card_uuid:
        return replace(state, visit=visit), tell_service(state.visit)
    if state.visit:
        state, effects = end(state, moment)
        return replace(state, screen=Services(), visit=visit), effects
    return replace(state, screen=Services(), visit=visit), ()


def on_admitted_offline(state: KioskState, event: events.AdmittedOffline, moment: Moment) -> Step:
    """As `on_tapped`, but no visit is open at the service, and no token is here."""
    if state.card_inside or state.turn or isinstance(state.screen, (*AT_WORK, *IN_DOUBT)):
        return state, ()
    if state.visit and state.visit.offline is not None and state.visit.card_uuid == event.card_uuid:
        return replace(state, visit=replace(state.visit, offline=event.allowed)), ()
    state, effects = end(state, moment)
    visit = Visit(event.card_uuid, Level.TAP, "", moment.now + moment.rules.longest, offline=event.allowed)
    return replace(state, screen=Services(), visit=visit), effects


def on_tap_refused(state: KioskState, event: events.TapRefused, _moment: Moment) -> Step:
    if isinstance(state.screen, HoldAgain):
        return replace(state, screen=Refusal(event.reason, resume=Services())), ()
    if isinstance(state.screen, Reading):
        return replace(state, screen=Refusal(event.reason)), ()
    return state, ()


# The contact reader


def on_card_inserted(state: KioskState, event: events.CardInserted, _moment: Moment) -> Step:
    state = replace(state, card_inside=True)
    if isinstance(state.screen, IN_DOUBT) and state.visit is None:
        return pin_change.on_card_inserted(state, event)
    if state.visit is None:
        return _inserted_first(state, _entry(event))
    same = state.visit.card_uuid == event.card_uuid
    state = replace(state, visit=replace(state.visit, inserted=same))
    if isinstance(state.screen, AT_WORK):
        return state, ()
    if not same:
        return replace(state, screen=_refused(Reason(reason.OTHER_CARD), state)), ()
    if isinstance(state.screen, InsertCard | Services | Refusal):
        return replace(state, screen=_entry(event, _wanted(state.screen))), ()
    return state, ()


def _inserted_first(state: KioskState, entry: PinEntry) -> Step:
    """A card that begins something, unless another one is still to be taken out."""
    if isinstance(state.screen, TakeCard) and not state.screen.lying:
        return state, ()
    if state.turn is not None:
        return turns.on_card_inserted(state, entry, state.turn)
    return replace(state, screen=entry), ()


def on_card_unreadable(state: KioskState, event: events.CardUnreadable, _moment: Moment) -> Step:
    state = replace(state, card_inside=True)
    taking = isinstance(state.screen, TakeCard) and not state.screen.lying
    if taking or isinstance(state.screen, (*AT_WORK, *IN_DOUBT)):
        return state, ()
    return replace(state, screen=_refused(event.reason, state)), ()


def on_card_taken(state: KioskState, _event: events.CardTaken, moment: Moment) -> Step:
    state = replace(state, card_inside=False, second_card=False)
    if state.visit is not None:
        return _taken_from_visit(state, state.visit, moment)
    if state.turn is not None:
        return turns.wait_again(state, moment)
    match state.screen:
        case TakeCard() | PinEntry() | Refusal(resume=PinEntry()):
            return end(state, moment)
        case CheckingPin():
            return refuse(state, moment, Reason(reason.CARD_REMOVED))
    return state, ()


def _taken_from_visit(state: KioskState, visit: Visit, moment: Moment) -> Step:
    if visit.level >= Level.PIN:
        return _left(state, moment)
    state = replace(state, visit=replace(visit, inserted=False))
    match state.screen:
        case PinEntry():
            return replace(state, screen=Services()), ()
        case CheckingPin():
            return replace(state, screen=Refusal(Reason(reason.CARD_REMOVED), resume=Services())), ()
        case Refusal(resume=InsertCard() as resume):
            return replace(state, screen=resume), ()
    return state, ()


def _left(state: KioskState, moment: Moment) -> Step:
    """The visit is over, wherever it was. Whoever had begun to sign is told what that means."""
    match state.screen:
        case HandOver(turn=turn):
            return turns.hand_over(state, moment, turn)
        case ChangingPin():
            return pin_change.left(state)
        case Signing() | ReadingPhotograph():
            return refuse(state, moment, Reason(reason.CARD_REMOVED))
        case Sending(submission=submission) if submission.signed:
            return refuse(state, moment, Reason(reason.SIGNED_AND_LEFT))
        case Sending() if not turns.lacks_admission(state):
            return end(state, moment)
    return turns.wait_again(state, moment)


def _refused(why: Reason, state: KioskState) -> Refusal:
    """A refusal from which one comes back to where one was."""
    if state.visit is None:
        return Refusal(why, AwaitSecond() if state.turn else None)
    resume: Place | None = Services()
    match state.screen:
        case Services() | InsertCard() | Consent() | FillForm() | Check() | Done() as place:
            resume = place
        case Refusal(resume=before):
            resume = before
    return Refusal(why, resume)


def _wanted(screen: Screen) -> Offer | None:
    match screen:
        case InsertCard(wanted=wanted) | Refusal(resume=InsertCard(wanted=wanted)):
            return wanted
    return None


def _entry(event: events.CardInserted, wanted: Offer | None = None) -> PinEntry:
    """A PIN that is blocked is said to be so when it is entered."""
    few = event.tries_left if 0 < (event.tries_left or 0) < USUAL_TRIES else None
    return PinEntry(event.card_uuid, wanted, few=few)


# The PIN


def on_pin_forgotten(state: KioskState, _event: acts.PinForgotten, _moment: Moment) -> Step:
    """Say how to go on. "Back" leads to the PIN, or to the text that was to be signed."""
    why = Reason(reason.PIN_FORGOTTEN)
    match state.screen:
        case PinEntry() as entry:
            return replace(state, screen=Refusal(why, resume=entry)), ()
        case SignPin(submission=submission, paper=paper):
            return replace(state, screen=Refusal(why, resume=Review(submission, paper))), ()
        case ChangePin() | PhotographPin():
            return replace(state, screen=Refusal(why, resume=Services())), ()
    return state, ()


def on_pin_entered(state: KioskState, event: acts.PinEntered, _moment: Moment) -> Step:
    match state.screen:
        case PinEntry(card_uuid=card_uuid, wanted=wanted):
            job = state.last_job + 1
            effect = effects.ProvePin(job, card_uuid, event.pin)
            return replace(state, screen=CheckingPin(card_uuid, wanted, job), last_job=job), (effect,)
    return state, ()


def on_pin_proved(state: KioskState, event: events.PinProved, moment: Moment) -> Step:
    who = event.authenticated
    match state.screen:
        case CheckingPin(card_uuid=card_uuid, wanted=wanted, job=event.job) if card_uuid == who.card_uuid:
            visit = moment.begin(who, inserted=True)
            ended = tell_service(state.visit)
            state = replace(state, screen=Services(), visit=visit)
            state, effects = begin(state, wanted) if wanted else (state, ())
            return state, (*ended, AskNews(who.token), *effects)
    return state, (EndVisit(who.token),)


def on_pin_refused(state: KioskState, event: events.PinRefused, _moment: Moment) -> Step:
    match state.screen:
        case CheckingPin(card_uuid=card_uuid, wanted=wanted, job=event.job):
            entry = PinEntry(card_uuid, wanted, event.reason.tries_left)
            if event.reason.code == reason.WRONG_PIN:
                return replace(state, screen=entry), ()
            again = entry if event.reason.code in reason.WORTH_ANOTHER_TRY else None
            return replace(state, screen=Refusal(event.reason, again or _instead(state))), ()
    return state, ()


def _instead(state: KioskState) -> Services | AwaitSecond | None:
    """Where somebody may go on whose PIN proved nothing."""
    if state.visit:
        return Services()
    return AwaitSecond() if state.turn else None
