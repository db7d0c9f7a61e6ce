"""Changing the PIN: the old one, the new one twice; and if the card is pulled, finding out which one it has.

    ChangePin → ChangingPin → Done
                     └→ PinLost ⇄ FindingPin → a sentence that says which PIN is in force

A card that is taken out ends the visit at once, as ever. What is known of its PIN is said all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kiosk.pins import weakness
from kiosk.visit import events, pin_events, reason
from kiosk.visit.ending import Moment, Step, end, refuse, tell_service
from kiosk.visit.pin_screens import ChangePin, ChangingPin, FindingPin, PinLost, PinProblem, PinStep
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Done, KioskState, Refusal, Services
from readers.piv.pin import Pin

_FOUND: Final[Mapping[bool | None, str]] = {
    True: reason.PIN_IS_NEW,
    False: reason.PIN_IS_OLD,
    None: reason.PIN_UNKNOWN,
}


def on_pin_entered(state: KioskState, screen: ChangePin, pin: Pin) -> Step:
    """One of the three."""
    match screen.step:
        case PinStep.OLD:
            return replace(state, screen=ChangePin(screen.offer, pin)), ()
        case PinStep.NEW:
            return _new_entered(state, screen, pin)
        case PinStep.AGAIN:
            return _entered_again(state, screen, pin)


def _new_entered(state: KioskState, screen: ChangePin, pin: Pin) -> Step:
    weak = weakness(pin)
    problem = PinProblem.AS_BEFORE if pin == screen.old else PinProblem(weak) if weak else None
    new = None if problem else pin
    return replace(state, screen=ChangePin(screen.offer, screen.old, new, problem)), ()


def _entered_again(state: KioskState, screen: ChangePin, pin: Pin) -> Step:
    if state.visit is None or screen.old is None:
        return state, ()
    if pin != screen.new:
        return replace(state, screen=ChangePin(screen.offer, screen.old, None, PinProblem.DIFFERENT)), ()
    job, card = state.last_job + 1, state.visit.card_uuid
    effect = pin_events.GivePin(job, card, screen.old, pin)
    return replace(state, screen=ChangingPin(screen.offer, card, job), last_job=job), (effect,)


def on_pin_changed(state: KioskState, event: pin_events.PinChanged, moment: Moment) -> Step:
    match state.screen:
        case ChangingPin(offer=offer, job=event.job):
            if state.visit is None:
                return refuse(state, moment, Reason(reason.PIN_CHANGED_AND_LEFT))
            return replace(state, screen=Done(offer, event.outcome)), ()
    return state, ()


def on_pin_kept(state: KioskState, event: pin_events.PinKept, moment: Moment) -> Step:
    match state.screen:
        case ChangingPin(offer=offer, job=event.job):
            why = event.reason
            if state.visit is None or why.code in reason.CARD_GONE:
                return refuse(state, moment, Reason(reason.PIN_UNCHANGED))
            if why.code == reason.WRONG_PIN:
                again = ChangePin(offer, problem=PinProblem.WRONG, tries_left=why.tries_left)
                return replace(state, screen=again), ()
            if why.code == reason.CARD_REFUSED:
                return replace(state, screen=ChangePin(offer, problem=PinProblem.NOT_TAKEN)), ()
            said = why if why.code == reason.PIN_BLOCKED else Reason(reason.PIN_UNCHANGED)
            return replace(state, screen=Refusal(said, Services())), ()
    return state, ()


def on_pin_doubted(state: KioskState, event: pin_events.PinDoubted, moment: Moment) -> Step:
    """The visit is over, if it was not: nobody knows who puts the card back."""
    match state.screen:
        case (
            ChangingPin(offer=offer, card_uuid=card, job=event.job)
            | FindingPin(offer=offer, card_uuid=card, job=event.job)
        ):
            fresh, effects = end(state, moment, PinLost(offer, card, event.old, event.new))
            return replace(fresh, language=state.language, modes=state.modes), effects
    return state, ()


def on_pin_found(state: KioskState, event: pin_events.PinFound, moment: Moment) -> Step:
    match state.screen:
        case FindingPin(job=event.job):
            return refuse(state, moment, Reason(_FOUND[event.new]))
    return state, ()


def on_card_inserted(state: KioskState, event: events.CardInserted) -> Step:
    """Without a visit. What is not put back for its PIN is left alone until that is known."""
    match state.screen:
        case PinLost(card_uuid=event.card_uuid) as lost:
            job = state.last_job + 1
            effect = pin_events.FindPin(job, lost.card_uuid, lost.old, lost.new)
            return replace(state, screen=FindingPin(lost.offer, lost.card_uuid, job), last_job=job), (effect,)
        case PinLost() as lost:
            return replace(state, screen=replace(lost, other_card=True)), ()
    return state, ()


def left(state: KioskState) -> Step:
    """The card was taken out while it was given the PIN: what came of that is still waited for, without a visit."""
    return replace(state, visit=None), tell_service(state.visit)
