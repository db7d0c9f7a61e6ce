"""From the choice of a service to what came of it."""

from __future__ import annotations

from dataclasses import replace

from cardsvc.wire.levels import Level
from kiosk.offers import Offer
from kiosk.visit import events, reason
from kiosk.visit.ending import Moment, Step, end, refuse
from kiosk.visit.events import Effect
from kiosk.visit.screens import (
    Consent,
    Done,
    FillForm,
    HoldAgain,
    InsertCard,
    KioskState,
    PinEntry,
    Refusal,
    Sending,
    Services,
    Submission,
    Visit,
)


def on_service_chosen(state: KioskState, event: events.ServiceChosen, _moment: Moment) -> Step:
    wanted = (event.department, event.service)
    offer = next((offer for offer in state.offers if offer.key == wanted), None)
    if offer is None or state.visit is None or not isinstance(state.screen, Services | Done):
        return state, ()
    if state.visit.offline is not None and offer.key not in state.visit.offline:
        return state, ()
    if offer.service.level > state.visit.level:
        return _step_up(state, state.visit, offer)
    return replace(state, screen=Consent(offer)), ()


def on_consent_given(state: KioskState, event: events.ConsentGiven, _moment: Moment) -> Step:
    match state.screen:
        case Consent(offer=offer) if offer.form.fields:
            return replace(state, screen=FillForm(offer)), ()
        case Consent(offer=offer):
            return _send(state, Submission(offer, event.key))
    return state, ()


def on_form_submitted(state: KioskState, event: events.FormSubmitted, _moment: Moment) -> Step:
    match state.screen:
        case FillForm(offer=offer):
            filled = offer.form.fill(event.entered)
            if filled.errors:
                return replace(state, screen=FillForm(offer, filled)), ()
            return _send(state, Submission(offer, event.key, filled.values))
    return state, ()


def on_exchanged(state: KioskState, event: events.Exchanged, _moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job):
            return _send(state, replace(submission, assertion=event.assertion))
    return state, ()


def on_answered(state: KioskState, event: events.Answered, _moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job):
            return replace(state, screen=Done(submission.offer, event.outcome)), ()
    return state, ()


def on_recorded(state: KioskState, event: events.Recorded, _moment: Moment) -> Step:
    match state.screen:
        case HoldAgain(submission=submission) if submission.key == event.key:
            return replace(state, screen=Done(submission.offer, event.outcome)), ()
    return state, ()


def on_declined(state: KioskState, event: events.Declined, moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job) if state.visit:
            code = event.reason.code
            if code in reason.VISIT_OVER:
                return refuse(state, moment, event.reason)
            if code in reason.STEP_UP_REQUIRED and state.visit.level < Level.PIN:
                return _step_up(state, state.visit, submission.offer)
            retry = submission if code in reason.WORTH_ANOTHER_TRY else None
            return replace(state, screen=Refusal(event.reason, resume=Services(), retry=retry)), ()
    return state, ()


def on_tried_again(state: KioskState, _event: events.TriedAgain, _moment: Moment) -> Step:
    match state.screen:
        case Refusal(retry=retry) if retry is not None:
            return _send(state, retry)
        case Refusal(resume=resume) if resume is not None:
            return replace(state, screen=resume), ()
    return state, ()


def on_went_back(state: KioskState, _event: events.WentBack, moment: Moment) -> Step:
    match state.screen:
        case Refusal(resume=resume) if resume is not None:
            return replace(state, screen=resume), ()
        case FillForm(offer=offer):
            return replace(state, screen=Consent(offer)), ()
        case InsertCard() | PinEntry() | Consent() | HoldAgain() | Done() if state.visit:
            return replace(state, screen=Services()), ()
        case PinEntry() | Refusal():
            return end(state, moment)
    return state, ()


def _step_up(state: KioskState, visit: Visit, offer: Offer) -> Step:
    screen = PinEntry(visit.card_uuid, offer) if visit.inserted else InsertCard(offer)
    return replace(state, screen=screen), ()


def _send(state: KioskState, submission: Submission) -> Step:
    """Send a submission: first for its assertion, then, with it, to the department."""
    if state.visit is None:
        return state, ()
    if state.visit.offline is not None:
        return replace(state, screen=HoldAgain(submission)), ()
    job = state.last_job + 1
    effect: Effect
    if submission.assertion is None:
        effect = events.Exchange(job, state.visit.token, submission.offer)
    else:
        effect = events.Ask(job, submission.offer, submission.key, submission.assertion, submission.values)
    return replace(state, screen=Sending(submission, job), last_job=job), (effect,)
