"""Every error has a reason, the nearest one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import Language
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, Problem
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.proving import OtherCard
from kiosk.reasons import CODES, reason_for
from kiosk.signatures import NotWhatIsShown
from kiosk.visit.reason import Reason
from readers import errors
from readers.status import StatusWord

READER_ERRORS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ReaderError)
]


def problem(code: str, status: int = 409, **data: Any) -> Problem:
    return Problem.model_validate({"type": PROBLEM_TYPE_PREFIX + code, "title": code, "status": status, **data})


@pytest.mark.parametrize("kind", READER_ERRORS)
def test_every_reader_error_has_a_reason(kind: type[errors.ReaderError]) -> None:
    assert any(parent in CODES for parent in kind.__mro__)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.WrongPin(StatusWord(0x63C2), "verify", 2), Reason("wrong-pin", tries_left=2)),
        (errors.PinBlocked(StatusWord(0x6983), "verify"), Reason("pin-blocked")),
        (errors.CardRemoved(), Reason("card-removed")),
        (errors.NoCard(), Reason("card-removed")),
        (errors.MalformedTlv(), Reason("card-unreadable")),
        (errors.ContactlessForbidden("verify"), Reason("card-refused")),
        (errors.ReaderFailed(1, "connect"), Reason("reader-failed")),
        (OtherCard(), Reason("other-card")),
        (ServiceUnreachable(), Reason("service-unreachable")),
        (ServiceProblem(problem("card-not-active", state="held")), Reason("card-not-active", card_state="held")),
        (ServiceProblem(problem("card-not-active", state=7)), Reason("card-not-active")),
        (DepartmentUnreachable(), Reason("department-unreachable")),
        (DepartmentConfused(), Reason("department-confused")),
        (
            DepartmentRefused(problem("item-on-loan", message={"en": "It is on loan."})),
            Reason("department-refused", message={Language.ENGLISH: "It is on loan."}),
        ),
        (DepartmentRefused(problem("x", message={"fr": "?"})), Reason("department-refused")),
        (DepartmentRefused(problem("x", message="text")), Reason("department-refused")),
        (DepartmentRefused(problem("verification-unavailable", 503)), Reason("department-busy")),
        (DepartmentRefused(problem("step-up-required", 401)), Reason("step-up-required")),
        (DepartmentRefused(problem("assertion-not-accepted", 401, reason="expired")), Reason("confirmation-over")),
        (DepartmentRefused(problem("assertion-not-accepted", 401, reason="malformed")), Reason("department-refused")),
        (NotWhatIsShown(), Reason("unexpected")),
        (ZeroDivisionError(), Reason("unexpected")),
    ],
)
def test_the_reason_of_an_error(error: Exception, expected: Reason) -> None:
    assert reason_for(error) == expected
