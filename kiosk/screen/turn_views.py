"""What is shown where two people come in turn: to the second one, of the first no more than they have to see."""

from __future__ import annotations

from typing import Any

from kiosk.screen.words import Words
from kiosk.visit.screens import FillForm, KioskState
from kiosk.visit.turn_screens import AwaitSecond, HandOver, Turn
from kiosk.visit.turns import lacks_admission

PHOTOGRAPH_PATH = "/photograph/{mark}"


def turn_view(turn: Turn, words: Words) -> dict[str, Any]:
    """What is gone on with."""
    return {"title": words.texts(turn.second.service.titles)}


def hand_over_view(screen: HandOver, words: Words) -> dict[str, Any]:
    """What the first one is told before they take their card."""
    return {"second": words.texts(screen.turn.second.service.titles), "receipt": screen.turn.receipt}


def await_second_view(screen: AwaitSecond, _words: Words) -> dict[str, Any]:
    """Which card is wanted."""
    return {"first_again": screen.first_again}


def photograph_of(state: KioskState) -> bytes | None:
    """The photograph, while the second one, who may see it, is asked about it and at no other time."""
    if state.turn is None or lacks_admission(state) or not isinstance(state.screen, FillForm):
        return None
    return state.turn.photograph


def photograph_path(state: KioskState) -> str | None:
    """Where the page finds it."""
    if photograph_of(state) is None or state.turn is None:
        return None
    return PHOTOGRAPH_PATH.format(mark=state.turn.mark)
