"""What is shown while somebody changes their PIN: never a PIN."""

from __future__ import annotations

from typing import Any

from kiosk.screen.words import Words
from kiosk.visit.pin_screens import ChangePin, PinLost, PinProblem, PinStep


def change_pin_view(screen: ChangePin, words: Words) -> dict[str, Any]:
    """Which of the three is to be entered, and what was wrong with the last."""
    return {
        "step": screen.step.value,
        "number": list(PinStep).index(screen.step) + 1,
        "tries_left": screen.tries_left,
        "message": _message(screen, words),
    }


def _message(screen: ChangePin, words: Words) -> str | None:
    match screen.problem:
        case None:
            return None
        case PinProblem.WRONG:
            said = words["pin-entry"]
            return str(said["wrong_last"] if screen.tries_left == 1 else said["wrong"].format(tries=screen.tries_left))
    return str(words["change-pin"]["problems"][screen.problem])


def find_pin_view(screen: PinLost, _words: Words) -> dict[str, Any]:
    """What to put back."""
    return {"other_card": screen.other_card}
