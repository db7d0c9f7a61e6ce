"""Why something did not work, as far as a screen needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardsvc.wire.manifest import Texts

OTHER_CARD: Final = "other-card"
CARD_REMOVED: Final = "card-removed"
WRONG_PIN: Final = "wrong-pin"
PIN_BLOCKED: Final = "pin-blocked"
TOO_SLOW: Final = "too-slow"
SERVICE_UNREACHABLE: Final = "service-unreachable"
DEPARTMENT_UNREACHABLE: Final = "department-unreachable"
DEPARTMENT_BUSY: Final = "department-busy"
DEPARTMENT_REFUSED: Final = "department-refused"
DEPARTMENT_CONFUSED: Final = "department-confused"
OFFLINE_TOO_OLD: Final = "offline-too-old"
OFFLINE_CLOCK_WRONG: Final = "offline-clock-wrong"
OFFLINE_JOURNAL_CLOSED: Final = "offline-journal-closed"
OFFLINE_NOT_RECORDED: Final = "offline-not-recorded"
UNEXPECTED: Final = "unexpected"
STEP_UP_REQUIRED: Final = frozenset({"step-up-required", "insufficient_user_authentication"})
"""The service wants a higher level than the visit has: the problem code, and the OAuth error of RFC 9470 §3."""
WORTH_ANOTHER_TRY: Final = frozenset({SERVICE_UNREACHABLE, DEPARTMENT_UNREACHABLE, DEPARTMENT_BUSY})
"""The same request, sent again a little later, may well succeed."""
VISIT_OVER: Final = frozenset({"visit-unknown", "visit-foreign", "visit-ended"})
"""Problem codes of the service that mean: start again with the card."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something did not work. The code picks the sentence a citizen reads (`kiosk.screen.words`)."""

    code: str
    tries_left: int | None = None
    card_state: str | None = None
    message: Texts | None = None
    """The department's own sentence for the citizen."""
