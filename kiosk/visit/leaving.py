"""A card that somebody leaves behind: in the slot when the visit is over, or lying on the contactless reader.

It is asked for at once, then louder and in every language of the city, then counted for those who look after kiosks.
Nobody else's visit begins beside a card in the slot; one on the contactless reader keeps nobody from using the slot.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit import events
from kiosk.visit.ending import Moment, Step, end
from kiosk.visit.screens import Attract, Call, KioskState, TakeCard


def on_card_lifted(state: KioskState, _event: events.CardLifted, moment: Moment) -> Step:
    state = replace(state, card_held=False)
    match state.screen:
        case TakeCard(lying=True):
            return end(state, moment)
        case Attract():
            return replace(state, screen=Attract()), ()
    return state, ()


def look_for_card(state: KioskState, screen: Attract | TakeCard, moment: Moment) -> KioskState:
    """What the screen says of a card that is still there; `since` is when that was first seen with nobody there."""
    since = screen.since or moment.now
    left_for = moment.now - since
    if isinstance(screen, Attract):
        lies = left_for >= moment.rules.louder_after
        return replace(state, screen=TakeCard(since, lying=True) if lies else Attract(since))
    call = Call.ASKED
    if left_for >= moment.rules.left_after:
        call = Call.LEFT
    elif left_for >= moment.rules.louder_after:
        call = Call.LOUD
    newly_left = call is Call.LEFT and screen.call is not Call.LEFT
    return replace(
        state, screen=replace(screen, since=since, call=call), cards_left=state.cards_left + (1 if newly_left else 0)
    )
