"""A kiosk that is taken out of service from afar: the visit ends, nobody is let in, and it comes back by itself.

Only whose card is being given another PIN is still told which one it has: nobody else could tell them.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit import acts, events, reason
from kiosk.visit.effects import EndVisit
from kiosk.visit.ending import IN_DOUBT, Moment, Step, end, tell_service
from kiosk.visit.screens import Attract, KioskState, OutOfService, Refusal


def on_taken_out(state: KioskState, _event: events.TakenOutOfService, _moment: Moment) -> Step:
    return replace(state, visit=None, closing=True), tell_service(state.visit)


def close(state: KioskState, moment: Moment) -> Step:
    """Go out of service, unless somebody has yet to be told which PIN their card has."""
    match state.screen:
        case Refusal(reason=why) if why.code in reason.WHICH_PIN:
            return state, ()
        case screen if isinstance(screen, IN_DOUBT):
            return state, ()
    return end(replace(state, closing=False), moment, OutOfService())


def on_put_back(state: KioskState, _event: events.PutIntoService, moment: Moment) -> Step:
    return end(state, moment) if isinstance(state.screen, OutOfService) else (replace(state, closing=False), ())


def on_rules_changed(state: KioskState, _event: events.RulesChanged, moment: Moment) -> Step:
    """Whoever is there is not disturbed; a kiosk that waits does so in the language for whoever chooses none."""
    if isinstance(state.screen, Attract | OutOfService):
        return replace(state, language=moment.rules.language, deadline=None), ()
    return state, ()


def while_out(state: KioskState, event: events.Event) -> Step:
    """What cards and people do then: the kiosk knows whether one is in the slot, and lets none in."""
    match event:
        case events.CardInserted() | events.CardUnreadable():
            return replace(state, card_inside=True), ()
        case events.CardTaken():
            return replace(state, card_inside=False), ()
        case events.CardHeld() | events.CardLifted():
            return replace(state, card_held=isinstance(event, events.CardHeld)), ()
        case events.Tapped(authenticated=who) | events.PinProved(authenticated=who):
            return state, (EndVisit(who.token),)
    return state, ()


HEARD_WHILE_OUT = (
    events.PutIntoService,
    events.RulesChanged,
    acts.LanguageChosen,
    acts.ModeSwitched,
    events.SecondCardGone,
    events.OffersChanged,
    events.TroubleSeen,
    events.TroubleGone,
)
"""What is dealt with as ever."""
