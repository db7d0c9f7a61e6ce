"""The map from refusals to HTTP is total and says what RFC 6750 and RFC 9470 want."""

from __future__ import annotations

import pytest

from cardsvc.wire.levels import Level
from kiosk.departments.contract import refusals
from kiosk.departments.contract.problems import STATUS, headers_of, problem_of, status_of
from kiosk.departments.contract.refusals import Refusal, ServiceRefused


class Closed(ServiceRefused):
    code = "closed"
    title = "Closed today"
    message = refusals.UnknownService.message


KINDS = [
    kind
    for kind in vars(refusals).values()
    if isinstance(kind, type) and issubclass(kind, Refusal) and kind not in {Refusal, refusals.RequestRefused}
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_refusal_of_the_contract_has_a_status(kind: type[Refusal]) -> None:
    assert kind in STATUS


def test_a_departments_own_refusal_has_the_status_of_its_base() -> None:
    assert status_of(Closed) == 409
    assert problem_of(Closed("since noon", opens_at="09:00")).data == {"message": Closed.message, "opens_at": "09:00"}


def test_a_problem_of_ours_cannot_be_disguised_by_its_data() -> None:
    problem = problem_of(Closed(status=200, type="about:blank"))

    assert (problem.status, problem.code) == (409, "closed")


@pytest.mark.parametrize(
    ("refusal", "challenge"),
    [
        (refusals.AssertionNotAccepted("expired"), 'Bearer error="invalid_token"'),
        (refusals.CardNotAccepted("card-not-active"), 'Bearer error="invalid_token"'),
        (refusals.AssertionReplayed(), 'Bearer error="invalid_token"'),
        (refusals.StepUpNeeded(Level.PIN), 'Bearer error="insufficient_user_authentication", acr_values="pin"'),
    ],
)
def test_each_401_says_what_would_be_accepted(refusal: Refusal, challenge: str) -> None:
    assert status_of(type(refusal)) == 401
    assert headers_of(refusal) == {"WWW-Authenticate": challenge}


@pytest.mark.parametrize(
    "kind", [kind for kind, status in STATUS.items() if status != 401], ids=lambda kind: kind.__name__
)
def test_only_a_401_has_a_challenge(kind: type[Refusal]) -> None:
    assert headers_of(kind.__new__(kind)) == {}
