"""From a document on the screen to its signature; `requests.py` has it prepared and hands it in."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit import acts, cards, effects, events, pin_change, reason, requests, turns
from kiosk.visit.ending import Moment, Step, refuse
from kiosk.visit.pin_screens import ChangePin
from kiosk.visit.reason import Reason
from kiosk.visit.requests import send, show
from kiosk.visit.screens import KioskState, Refusal, Review, Sending, Services, Signing, SignPin
from kiosk.visit.turn_screens import PhotographPin


def on_prepared(state: KioskState, event: events.Prepared, _moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job):
            return show(state, Review(submission, event.paper))
    return state, ()


def on_language_chosen(state: KioskState, event: acts.LanguageChosen, _moment: Moment) -> Step:
    """What is signed is in the language of the screen: it is prepared again, and read again."""
    state = replace(state, language=event.language)
    match state.screen:
        case Review(submission=submission, paper=paper) | SignPin(submission=submission, paper=paper):
            return send(state, submission) if paper.language != event.language else (state, ())
    return state, ()


def on_agreed_to_sign(state: KioskState, event: acts.AgreedToSign, _moment: Moment) -> Step:
    """Nobody agrees to a document that came onto the screen while their finger was on the way."""
    match state.screen:
        case Review(submission=submission, paper=paper) if paper.sha256 == event.sha256:
            return replace(state, screen=SignPin(submission, paper)), ()
    return state, ()


def on_pin_entered(state: KioskState, event: acts.PinEntered, moment: Moment) -> Step:
    match state.screen:
        case SignPin(submission=submission, paper=paper) if state.visit:
            job, visit = state.last_job + 1, state.visit
            effect = effects.Sign(job, visit.token, submission.offer, paper, visit.card_uuid, event.pin)
            return replace(state, screen=Signing(submission, paper, job), last_job=job), (effect,)
        case ChangePin() as screen:
            return pin_change.on_pin_entered(state, screen, event.pin)
        case PhotographPin() as screen:
            return turns.on_pin_entered(state, screen, event.pin)
    return cards.on_pin_entered(state, event, moment)


def on_signed(state: KioskState, event: events.Signed, _moment: Moment) -> Step:
    match state.screen:
        case Signing(submission=submission, job=event.job):
            return send(state, replace(submission, signed=event.signed, assertion=event.assertion))
    return state, ()


def on_declined(state: KioskState, event: events.Declined, moment: Moment) -> Step:
    match state.screen:
        case Signing(job=event.job) as screen:
            return _not_signed(state, screen, event.reason, moment)
    return requests.on_declined(state, event, moment)


def _not_signed(state: KioskState, screen: Signing, why: Reason, moment: Moment) -> Step:
    """A challenge that came to the service is spent, whatever came of it: another one is asked for next time."""
    if why.code in reason.VISIT_OVER | reason.CARD_GONE:
        return refuse(state, moment, why)
    if why.code == reason.WRONG_PIN:
        return replace(state, screen=SignPin(screen.submission, screen.paper, why.tries_left)), ()
    if why.code == reason.PREPARED_REFUSED:
        return send(state, replace(screen.submission, reread=True))
    if why.code in reason.SPENT:
        why = Reason(reason.NOT_SIGNED)
    again = Review(screen.submission, replace(screen.paper, challenge=None))
    resume = again if why.code in reason.SIGN_AGAIN else Services()
    return replace(state, screen=Refusal(why, resume)), ()
