"""What is done about a line of an outcome, looked at once more before it is sent; and what departments tell unasked."""

from __future__ import annotations

from dataclasses import replace

from cardsvc.wire.manifest import Action
from kiosk.offers import Offer
from kiosk.visit import acts, events
from kiosk.visit.ending import Moment, Step
from kiosk.visit.requests import on_service_chosen, send
from kiosk.visit.screens import Check, Done, KioskState, Submission


def on_action_chosen(state: KioskState, event: acts.ActionChosen, moment: Moment) -> Step:
    """The button beside a line: another service, its form filled in, or begun as any other where that will not do."""
    match state.screen:
        case Done(outcome=outcome) as done if state.visit and event.line < len(outcome.fields):
            line = outcome.fields[event.line]
            offer = None if line.action is None else _acting(state, done, line.action)
            if line.action is None or offer is None:
                return state, ()
            filled = offer.form.fill(line.action.input)
            if filled.errors or _needs_more(offer) or offer.visit_level > state.visit.level:
                return on_service_chosen(state, acts.ServiceChosen(*offer.key), moment)
            return replace(state, screen=Check(Submission(offer, event.key, filled.values), done, line)), ()
    return state, ()


def on_checked(state: KioskState, _event: acts.Checked, _moment: Moment) -> Step:
    match state.screen:
        case Check(submission=submission):
            return send(state, submission)
    return state, ()


def on_news_heard(state: KioskState, event: events.NewsHeard, _moment: Moment) -> Step:
    """Told only to whom it is for: the visit that it was asked for goes on."""
    if state.visit is None or state.visit.token != event.token:
        return state, ()
    return replace(state, visit=replace(state.visit, news=event.news)), ()


def _acting(state: KioskState, done: Done, action: Action) -> Offer | None:
    """What the button leads to. A department's own button leads to nobody else."""
    department = action.department if done.offer.own else done.offer.department
    return next((offer for offer in state.offers if offer.key == (department, action.service)), None)


def _needs_more(offer: Offer) -> bool:
    """Whether the citizen has to agree to something, or to sign."""
    return offer.is_signed or bool(offer.service.attributes or offer.service.questions)
