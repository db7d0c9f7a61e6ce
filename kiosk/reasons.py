"""From what went wrong to what the screen says about it.

Everything that can go wrong (a reader error, a refusal of the card service or of a department) becomes a `Reason`;
nothing else of the error reaches the screen.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import Texts
from cardsvc.wire.problems import Problem
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.offline.desk import Closed
from kiosk.offline.judging import CardRefusedOffline
from kiosk.photographs import NoPhotograph, PhotographForged, PhotographOfAnother
from kiosk.proving import OtherCard
from kiosk.visit import reason
from kiosk.visit.reason import Reason
from readers import errors

_RUN_OUT: Final = ("assertion-not-accepted", "expired")
"""A department's problem, and its reason, for an assertion that came too late."""
_TEXTS: Final[TypeAdapter[Texts]] = TypeAdapter(Texts)

CODES: Final[dict[type[Exception], str]] = {
    errors.WrongPin: reason.WRONG_PIN,
    errors.PinBlocked: reason.PIN_BLOCKED,
    errors.NotAPivCard: "not-a-citizen-card",
    errors.ObjectNotFound: "unfinished-card",
    errors.CardError: "card-refused",
    errors.ProtocolError: "card-unreadable",
    errors.CardNotAuthenticated: "card-unreadable",
    errors.CardRemoved: reason.CARD_REMOVED,
    errors.NoCard: reason.CARD_REMOVED,
    errors.CardReset: "card-busy",
    errors.CardBusy: "card-busy",
    errors.CardMute: "card-mute",
    errors.ReaderError: "reader-failed",
    ServiceUnreachable: reason.SERVICE_UNREACHABLE,
    DepartmentUnreachable: reason.DEPARTMENT_UNREACHABLE,
    DepartmentConfused: reason.DEPARTMENT_CONFUSED,
    OtherCard: reason.OTHER_CARD,
    NoPhotograph: reason.NO_PHOTOGRAPH,
    PhotographForged: "photograph-not-genuine",
    PhotographOfAnother: "photograph-of-another",
}
"""Errors by class; the nearest base class counts. (A `ServiceProblem` brings a code of its own.)"""


def reason_for(error: Exception) -> Reason:
    """The reason to show for an error; an error nobody foresaw is `UNEXPECTED`."""
    match error:
        case ServiceProblem():
            return Reason(error.problem.code, card_state=_text(error.problem.data.get("state")))
        case DepartmentRefused():
            return _department_reason(error.problem)
        case CardRefusedOffline():
            return Reason(error.code, card_state=error.state)
        case Closed():
            return Reason(error.code)
        case errors.WrongPin():
            return Reason(reason.WRONG_PIN, tries_left=error.tries_left)
    ancestry: tuple[type[Any], ...] = type(error).__mro__
    return Reason(next((CODES[kind] for kind in ancestry if kind in CODES), reason.UNEXPECTED))


def _department_reason(problem: Problem) -> Reason:
    message = _message(problem.data.get("message"))
    if problem.code in reason.STEP_UP_REQUIRED:
        return Reason(problem.code, message=message)
    if (problem.code, problem.data.get("reason")) == _RUN_OUT:
        return Reason(reason.CONFIRMATION_OVER)
    code = reason.DEPARTMENT_BUSY if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else reason.DEPARTMENT_REFUSED
    return Reason(code, message=message)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _message(value: object) -> Texts | None:
    try:
        return _TEXTS.validate_python(value)
    except ValidationError:
        return None
