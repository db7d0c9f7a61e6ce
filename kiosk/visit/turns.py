"""Two people with a card each, in turn.

    … → Sending → (PhotographPin → ReadingPhotograph →) HandOver
    AwaitSecond → PinEntry → CheckingPin → Consent → (Sending →) … → Done

The first one's visit is over when their card is taken out. The second one comes to nothing but what was begun: wherever
else they would come to the services, the kiosk waits for another card instead, as long as there is time. Where they are
to see a photograph the department is asked first whether they may: anybody has a card and a PIN.
"""

from __future__ import annotations

from dataclasses import replace

from cardsvc.wire.manifest import Outcome
from kiosk.visit import reason, turn_events
from kiosk.visit.ending import Moment, Step, end, refuse, tell_service
from kiosk.visit.screens import KioskState, PinEntry, Refusal, Services, Submission, Visit
from kiosk.visit.turn_screens import AwaitSecond, HandOver, PhotographPin, ReadingPhotograph, Turn
from readers.piv.pin import Pin


def begun(submission: Submission, outcome: Outcome, visit: Visit) -> Turn | None:
    """What another person has to go on with, if it is so."""
    offer = submission.offer
    if offer.second is None or outcome.open_until is None:
        return None
    return Turn(offer, offer.second, outcome.receipt, outcome.open_until, visit.card_uuid)


def show(state: KioskState, turn: Turn) -> Step:
    """Go on with the first one: their photograph where it is needed, then their card."""
    return replace(state, screen=PhotographPin(turn) if turn.first.photograph else HandOver(turn)), ()


def on_pin_entered(state: KioskState, screen: PhotographPin, pin: Pin) -> Step:
    """Read the photograph with it."""
    job = state.last_job + 1
    effect = turn_events.ReadPhotograph(job, screen.turn.card_uuid, pin)
    return replace(state, screen=ReadingPhotograph(screen.turn, job), last_job=job), (effect,)


def on_photographed(state: KioskState, event: turn_events.Photographed, _moment: Moment) -> Step:
    match state.screen:
        case ReadingPhotograph(turn=turn, job=event.job):
            return replace(state, screen=HandOver(replace(turn, photograph=event.photograph))), ()
    return state, ()


def on_not_photographed(state: KioskState, event: turn_events.NotPhotographed, moment: Moment) -> Step:
    match state.screen:
        case ReadingPhotograph(turn=turn, job=event.job):
            why = event.reason
            if why.code in reason.CARD_GONE:
                return refuse(state, moment, why)
            if why.code == reason.WRONG_PIN:
                return replace(state, screen=PhotographPin(turn, why.tries_left)), ()
            return replace(state, screen=Refusal(why, Services())), ()
    return state, ()


def hand_over(state: KioskState, moment: Moment, turn: Turn) -> Step:
    """The first one has taken their card: their visit is over, and the second one is waited for."""
    return _wait(state, moment, turn)


def lacks_admission(state: KioskState) -> bool:
    """Whether the department has yet to say that the second one may see the photograph of the first."""
    return state.turn is not None and state.turn.first.photograph and not (state.visit and state.visit.admitted)


def wait_again(state: KioskState, moment: Moment) -> Step:
    """Somebody came second and went, or may not: another one may come, as long as there is time."""
    if state.turn is None or moment.now >= state.turn.open_until:
        return end(state, moment)
    return _wait(state, moment, state.turn)


def on_card_inserted(state: KioskState, entry: PinEntry, turn: Turn) -> Step:
    """Ask for the PIN of the second one. It is not the card of the first one."""
    if entry.card_uuid == turn.card_uuid:
        return replace(state, screen=AwaitSecond(first_again=True)), ()
    return replace(state, screen=replace(entry, wanted=turn.second)), ()


def _wait(state: KioskState, moment: Moment, turn: Turn) -> Step:
    """Two people in front of one screen: the second one finds it as the first one wanted it."""
    fresh, _ = end(state, moment, AwaitSecond())
    kept = replace(fresh, language=state.language, modes=state.modes, turn=turn, deadline=state.deadline)
    return kept, tell_service(state.visit)
