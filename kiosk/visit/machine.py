"""The visit's state machine.

    Attract → Reading → Services → Consent → FillForm → Check → Sending → Done → Services …
                           │  └→ InsertCard → PinEntry → CheckingPin ─┐
    Attract ─(card put in)─┴─────────→ PinEntry → CheckingPin ────────┴→ Services, or the wanted service

and where the citizen signs, between the form and what came of it:

    FillForm → Sending → Review → SignPin → Signing → Sending → Done

    Services → ChangePin → ChangingPin → Done

From Done a button beside a line leads to Check, too. After the PIN the departments are asked what is new (`NewsHeard`).

Without a network a visit is begun by the kiosk itself, and FillForm → Check → HoldAgain → Done: the card
states what is wanted.

Whenever a visit ends (finished, timed out, card taken out at level ``pin``, another card tapped) everything of the
citizen is forgotten at once and the service is told. Answers to work that nobody waits for any more are dropped; a
token that comes with one is ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from kiosk.visit import (
    acting,
    acts,
    cards,
    ending,
    events,
    leaving,
    pin_change,
    pin_events,
    printing,
    requests,
    signing,
    standing,
    turn_events,
    turns,
)
from kiosk.visit.ending import Moment, Rules, Step
from kiosk.visit.screens import Attract, KioskState, OutOfService, Services, TakeCard

_Handler: TypeAlias = Callable[[KioskState, Any, Moment], Step]


@dataclass(frozen=True, slots=True)
class Machine:
    """A visit's course under some rules."""

    rules: Rules = field(default_factory=Rules)

    def start(self) -> KioskState:
        """The state of a kiosk that was just switched on."""
        return KioskState(language=self.rules.language, prints=self.rules.prints)

    def step(self, state: KioskState, event: events.Event, now: datetime) -> Step:
        """What becomes of the state when ``event`` happens at ``now``, and what is to be done."""
        if isinstance(state.screen, OutOfService) and not isinstance(event, standing.HEARD_WHILE_OUT):
            return standing.while_out(state, event)
        moment = Moment(now, self.rules)
        after, effects = _HANDLERS[type(event)](state, event, moment)
        if after.turn is not None and isinstance(after.screen, Services):
            after, ended = turns.wait_again(after, moment)
            effects = (*effects, *ended)
        if after.closing:
            after, ended = standing.close(after, moment)
            effects = (*effects, *ended)
        if isinstance(event, _SIGNS_OF_LIFE):
            after, kept = ending.keep(after, moment)
            effects = (*effects, *kept)
        if isinstance(event, _SIGNS_OF_LIFE) or (after.screen, after.visit) != (state.screen, state.visit):
            after = replace(after, deadline=ending.deadline(after, moment))
        return after, effects


def _ticked(state: KioskState, event: events.Ticked, moment: Moment) -> Step:
    match state.screen:
        case TakeCard() | Attract() as waiting if state.card_inside or state.card_held:
            return leaving.look_for_card(state, waiting, moment), ()
    return ending.on_ticked(state, event, moment)


def _touched(state: KioskState, _event: acts.Touched, _moment: Moment) -> Step:
    return state, ()


def _mode_switched(state: KioskState, event: acts.ModeSwitched, _moment: Moment) -> Step:
    modes = state.modes | {event.mode} if event.on else state.modes - {event.mode}
    return replace(state, modes=modes), ()


def _offers_changed(state: KioskState, event: events.OffersChanged, _moment: Moment) -> Step:
    return replace(state, offers=event.offers), ()


def _trouble_seen(state: KioskState, event: events.TroubleSeen, _moment: Moment) -> Step:
    return replace(state, troubles=state.troubles | {event.trouble}), ()


def _trouble_gone(state: KioskState, event: events.TroubleGone, _moment: Moment) -> Step:
    return replace(state, troubles=state.troubles - {event.trouble}), ()


_SIGNS_OF_LIFE: Final = (
    acts.DepartmentChosen,
    acts.ServiceChosen,
    acts.PinEntered,
    acts.PinForgotten,
    acts.ActionChosen,
    acts.Checked,
    acts.ConsentGiven,
    acts.FormSubmitted,
    acts.AgreedToSign,
    acts.WentBack,
    acts.TriedAgain,
    acts.PrintWanted,
    acts.Finished,
    acts.LanguageChosen,
    acts.ModeSwitched,
    acts.Touched,
    events.Tapped,
    events.AdmittedOffline,
    events.CardInserted,
)
_HANDLERS: Final[dict[type[events.Event], _Handler]] = {
    events.CardHeld: cards.on_card_held,
    events.SecondCardHeld: cards.on_second_card_held,
    events.SecondCardGone: cards.on_second_card_gone,
    events.CardLifted: leaving.on_card_lifted,
    events.Tapped: cards.on_tapped,
    events.TapRefused: cards.on_tap_refused,
    events.AdmittedOffline: cards.on_admitted_offline,
    events.Recorded: requests.on_recorded,
    events.CardInserted: cards.on_card_inserted,
    events.CardUnreadable: cards.on_card_unreadable,
    events.CardTaken: cards.on_card_taken,
    acts.PinEntered: signing.on_pin_entered,
    acts.PinForgotten: cards.on_pin_forgotten,
    events.PinProved: cards.on_pin_proved,
    events.PinRefused: cards.on_pin_refused,
    acts.DepartmentChosen: requests.on_department_chosen,
    acts.ServiceChosen: requests.on_service_chosen,
    acts.ActionChosen: acting.on_action_chosen,
    acts.Checked: acting.on_checked,
    events.NewsHeard: acting.on_news_heard,
    acts.ConsentGiven: requests.on_consent_given,
    acts.FormSubmitted: requests.on_form_submitted,
    events.Exchanged: requests.on_exchanged,
    events.Prepared: signing.on_prepared,
    acts.AgreedToSign: signing.on_agreed_to_sign,
    events.Signed: signing.on_signed,
    events.Answered: requests.on_answered,
    events.Declined: signing.on_declined,
    pin_events.PinChanged: pin_change.on_pin_changed,
    pin_events.PinKept: pin_change.on_pin_kept,
    pin_events.PinDoubted: pin_change.on_pin_doubted,
    pin_events.PinFound: pin_change.on_pin_found,
    turn_events.Photographed: turns.on_photographed,
    turn_events.NotPhotographed: turns.on_not_photographed,
    turn_events.Admitted: requests.on_admitted,
    acts.TriedAgain: requests.on_tried_again,
    acts.WentBack: requests.on_went_back,
    acts.PrintWanted: printing.on_print_wanted,
    events.Printed: printing.on_printed,
    events.NotPrinted: printing.on_not_printed,
    acts.Finished: ending.on_finished,
    events.Ticked: _ticked,
    acts.LanguageChosen: signing.on_language_chosen,
    acts.ModeSwitched: _mode_switched,
    acts.Touched: _touched,
    events.OffersChanged: _offers_changed,
    events.TroubleSeen: _trouble_seen,
    events.TroubleGone: _trouble_gone,
    events.TakenOutOfService: standing.on_taken_out,
    events.PutIntoService: standing.on_put_back,
    events.RulesChanged: standing.on_rules_changed,
}
