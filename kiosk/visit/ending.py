"""How long a kiosk waits, and how it forgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cardsvc.wire.manifest import Language
from kiosk.visit import acts, effects, events, reason
from kiosk.visit.effects import Effect, EndVisit
from kiosk.visit.pin_screens import ChangingPin, FindingPin, PinLost
from kiosk.visit.reason import Reason
from kiosk.visit.screens import (
    Attract,
    CheckingPin,
    KioskState,
    OutOfService,
    Reading,
    Refusal,
    Screen,
    Sending,
    Signing,
    TakeCard,
    Visit,
)
from kiosk.visit.turn_screens import AwaitSecond, ReadingPhotograph

Step: TypeAlias = tuple[KioskState, tuple[Effect, ...]]

AT_WORK: Final = (CheckingPin, Sending, Signing, ChangingPin, FindingPin, ReadingPhotograph)
"""Screens that wait for work that was given out."""
IN_DOUBT: Final = (ChangingPin, PinLost, FindingPin)
"""Screens from which nobody goes without being told which PIN is in force."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a kiosk waits."""

    idle: timedelta = timedelta(seconds=90)
    """For somebody who does nothing."""
    longest: timedelta = timedelta(minutes=10)
    """For a whole visit."""
    notice: timedelta = timedelta(seconds=20)
    """For a refusal to be read when no visit is open."""
    patience: timedelta = timedelta(seconds=60)
    """For work that was given out and should have been answered long ago."""
    louder_after: timedelta = timedelta(seconds=10)
    """For a card that is left in the slot, or lies on the reader."""
    left_after: timedelta = timedelta(seconds=60)
    """Then it counts as left behind."""
    second: timedelta = timedelta(minutes=5)
    """For the second of two people to come."""
    language: Language = Language.ENGLISH
    """For whoever has not chosen one."""
    prints: bool = False
    """Whether there is a printer."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens, and under which rules."""

    now: datetime
    rules: Rules

    def begin(self, who: events.Authenticated, *, inserted: bool = False) -> Visit:
        """The visit of somebody who was let in now."""
        ends_at = min(who.ends_at, self.now + self.rules.longest)
        return Visit(who.card_uuid, who.level, who.token, ends_at, inserted, kept_at=self.now)


def deadline(state: KioskState, moment: Moment) -> datetime | None:
    """When the state's screen stops waiting, if somebody has just done something."""
    rules = moment.rules
    match state.screen:
        case Attract():
            untouched = state.language == rules.language and not state.modes
            return None if untouched else moment.now + rules.idle
        case TakeCard() | OutOfService():
            return None
        case Refusal(resume=None, reason=why) if state.visit is None and why.code not in reason.WHICH_PIN:
            wait = rules.notice
        case Reading() | CheckingPin() | Sending() | Signing() | ChangingPin() | FindingPin() | ReadingPhotograph():
            wait = rules.patience
        case AwaitSecond() if state.turn is not None:
            return min(moment.now + rules.second, state.turn.open_until)
        case _:
            wait = rules.idle
    return min(moment.now + wait, state.visit.ends_at) if state.visit else moment.now + wait


def keep(state: KioskState, moment: Moment) -> Step:
    """Somebody did something: now and then the service hears of it, or it would end the visit as an idle one."""
    visit = state.visit
    if visit is None or visit.kept_at is None or moment.now - visit.kept_at < moment.rules.idle / 3:
        return state, ()
    return replace(state, visit=replace(visit, kept_at=moment.now)), (effects.KeepVisit(visit.token),)


def tell_service(visit: Visit | None) -> tuple[Effect, ...]:
    """The effect that ends a visit at the service, if there is one."""
    return (EndVisit(visit.token),) if visit and visit.offline is None else ()


def end(state: KioskState, moment: Moment, screen: Screen | None = None) -> Step:
    """Forget the citizen and tell the service. Then the kiosk waits for the card to be taken out, or for the next.

    Whoever is asked to take the card out is asked in their language, and as they want the screen.
    """
    shown = screen or (TakeCard() if state.card_inside else Attract())
    fresh = KioskState(
        screen=shown,
        language=state.language if isinstance(shown, TakeCard) else moment.rules.language,
        modes=state.modes if isinstance(shown, TakeCard) else frozenset(),
        card_inside=state.card_inside,
        second_card=state.second_card,
        card_held=state.card_held,
        cards_left=state.cards_left,
        last_job=state.last_job,
        offers=state.offers,
        prints=state.prints,
        troubles=state.troubles,
        closing=state.closing,
    )
    return fresh, tell_service(state.visit)


def refuse(state: KioskState, moment: Moment, why: Reason) -> Step:
    """End with a refusal in the citizen's language, shown as they want it."""
    fresh, effects = end(state, moment, Refusal(why))
    return replace(fresh, language=state.language, modes=state.modes), effects


def on_ticked(state: KioskState, _event: events.Ticked, moment: Moment) -> Step:
    """Whoever does nothing has left."""
    if state.deadline is None or moment.now < state.deadline:
        return state, ()
    if isinstance(state.screen, IN_DOUBT):
        return refuse(state, moment, Reason(reason.PIN_UNKNOWN))
    if isinstance(state.screen, AwaitSecond):
        return refuse(state, moment, Reason(reason.NOBODY_CAME))
    if isinstance(state.screen, (Reading, *AT_WORK)):
        return refuse(state, moment, Reason(reason.TOO_SLOW))
    return end(state, moment)


def on_finished(state: KioskState, _event: acts.Finished, moment: Moment) -> Step:
    if isinstance(state.screen, Attract | TakeCard | Reading):
        return state, ()
    if isinstance(state.screen, IN_DOUBT):
        return refuse(state, moment, Reason(reason.PIN_UNKNOWN))
    return end(state, moment)
