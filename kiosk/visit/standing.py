"""A kiosk that is taken out of service from afar: the visit ends, nobody is let in, and it comes back by itself."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit import events
from kiosk.visit.ending import Moment, Step, end
from kiosk.visit.events import EndVisit
from kiosk.visit.screens import Attract, KioskState, OutOfService


def on_taken_out(state: KioskState, _event: events.TakenOutOfService, moment: Moment) -> Step:
    return end(state, moment, OutOfService())


def on_put_back(state: KioskState, _event: events.PutIntoService, moment: Moment) -> Step:
    return end(state, moment) if isinstance(state.screen, OutOfService) else (state, ())


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
    events.LanguageChosen,
    events.OffersChanged,
    events.TroubleSeen,
    events.TroubleGone,
)
"""What is dealt with as ever."""
