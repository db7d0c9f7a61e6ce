"""Which picture a trouble has on the screen: files of ``static/pictures``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.visit import reason

OTHERS: Final = "notice"
PICTURES: Final[Mapping[str, str]] = {
    reason.CARD_REMOVED: "card-taken",
    reason.SIGNED_AND_LEFT: "card-taken",
    reason.OTHER_CARD: "two-cards",
    reason.PIN_BLOCKED: "pin-blocked",
    reason.PIN_FORGOTTEN: "pin-blocked",
    reason.WRONG_PIN: "pin-blocked",
    reason.PIN_CHANGED_AND_LEFT: "done",
    reason.PIN_IS_NEW: "done",
    reason.PIN_UNCHANGED: "card-taken",
    reason.PIN_IS_OLD: "card-taken",
    reason.PIN_UNKNOWN: "pin-blocked",
    reason.NOBODY_CAME: "two-cards",
    reason.SERVICE_UNREACHABLE: "no-connection",
    reason.DEPARTMENT_UNREACHABLE: "no-connection",
    reason.DEPARTMENT_BUSY: "no-connection",
    reason.NOT_SIGNED: "unsigned",
    reason.PREPARED_REFUSED: "unsigned",
    reason.CONFIRMATION_OVER: "unsigned",
    "key-origin-refused": "unsigned",
}


def picture_of(code: str) -> str:
    """The picture for a reason's code."""
    return PICTURES.get(code, OTHERS)
