"""Printing what came of a service: the paper that the department gave out, else the receipt. Nobody waits for it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit import acts, effects, events
from kiosk.visit.ending import Moment, Step
from kiosk.visit.screens import Done, KioskState, Printing, PrintState


def on_print_wanted(state: KioskState, _event: acts.PrintWanted, _moment: Moment) -> Step:
    """Once: another press while it is printed, or after that, does nothing."""
    match state.screen:
        case Done(printing=None | Printing(state=PrintState.FAILED)) as done if state.prints and state.visit:
            job = state.last_job + 1
            screen = replace(done, printing=Printing(job))
            effect = effects.Print(job, done.offer, done.outcome, done.pages, state.language)
            return replace(state, screen=screen, last_job=job), (effect,)
    return state, ()


def on_printed(state: KioskState, event: events.Printed, _moment: Moment) -> Step:
    return _told(state, event.job, PrintState.SENT), ()


def on_not_printed(state: KioskState, event: events.NotPrinted, _moment: Moment) -> Step:
    return _told(state, event.job, PrintState.FAILED), ()


def _told(state: KioskState, job: int, how: PrintState) -> KioskState:
    match state.screen:
        case Done(printing=Printing(job=known)) as done if known == job:
            return replace(state, screen=replace(done, printing=Printing(job, how)))
    return state
