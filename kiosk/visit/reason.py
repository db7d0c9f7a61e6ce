"""Why something did not work, as far as a screen needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardsvc.wire.manifest import Texts

OTHER_CARD: Final = "other-card"
CARD_REMOVED: Final = "card-removed"
WRONG_PIN: Final = "wrong-pin"
PIN_BLOCKED: Final = "pin-blocked"
PIN_FORGOTTEN: Final = "pin-forgotten"
"""The citizen says so."""
PIN_CHANGED_AND_LEFT: Final = "pin-changed-and-left"
"""The card was taken out after it had said that it took the new PIN."""
PIN_UNCHANGED: Final = "pin-unchanged"
PIN_IS_NEW: Final = "pin-is-new"
PIN_IS_OLD: Final = "pin-is-old"
"""The answer was lost, and the card was asked afterwards."""
PIN_UNKNOWN: Final = "pin-unknown"
"""The answer was lost, and the card could not be asked."""
NOBODY_CAME: Final = "nobody-came"
"""The second of two people did not come in time."""
NO_PHOTOGRAPH: Final = "no-photograph"
WHICH_PIN: Final = frozenset({PIN_CHANGED_AND_LEFT, PIN_UNCHANGED, PIN_IS_NEW, PIN_IS_OLD, PIN_UNKNOWN})
"""What nobody should miss."""
CARD_REFUSED: Final = "card-refused"
TOO_SLOW: Final = "too-slow"
SERVICE_UNREACHABLE: Final = "service-unreachable"
DEPARTMENT_UNREACHABLE: Final = "department-unreachable"
DEPARTMENT_BUSY: Final = "department-busy"
DEPARTMENT_REFUSED: Final = "department-refused"
DEPARTMENT_CONFUSED: Final = "department-confused"
CONFIRMATION_OVER: Final = "confirmation-over"
"""The assertion has run out before the department had answered."""
NOT_SIGNED: Final = "not-signed"
"""The signature came to nothing."""
SIGNED_AND_LEFT: Final = "signed-and-left"
"""The card was taken out while what was signed was on its way."""
PREPARED_REFUSED: Final = "prepared-document-refused"
"""The service wants the document to be prepared again."""
OFFLINE_TOO_OLD: Final = "offline-too-old"
OFFLINE_CLOCK_WRONG: Final = "offline-clock-wrong"
OFFLINE_JOURNAL_CLOSED: Final = "offline-journal-closed"
OFFLINE_NOT_RECORDED: Final = "offline-not-recorded"
UNEXPECTED: Final = "unexpected"
STEP_UP_REQUIRED: Final = frozenset({"step-up-required", "insufficient_user_authentication"})
"""The service wants a higher level than the visit has: the problem code, and the OAuth error of RFC 9470 §3."""
WORTH_ANOTHER_TRY: Final = frozenset({SERVICE_UNREACHABLE, DEPARTMENT_UNREACHABLE, DEPARTMENT_BUSY})
"""The same request, sent again a little later, may well succeed."""
CARD_GONE: Final = frozenset({CARD_REMOVED, OTHER_CARD})
"""The card that the visit is about is not in the reader any more."""
SPENT: Final = frozenset({"challenge-expired", "challenge-replayed", "challenge-unknown"})
"""What the card signed does not count any more."""
SIGN_AGAIN: Final = WORTH_ANOTHER_TRY | {
    NOT_SIGNED,
    "signature-invalid",
    "card-busy",
    "card-mute",
    "card-refused",
    "card-unreadable",
    "reader-failed",
}
"""Nothing was signed, and the same document may be signed after all."""
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
