"""Every refusal has an answer, and no answer says more than it should."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from cardsvc.api.problems import ANSWERS, answer_to, oauth_error_of, problem_of
from cardsvc.authentication.errors import AssertionNotSigned, CardNotActive, StepUpRequired
from cardsvc.callers.errors import ClientRefusal, ClientRefused, NotAuthenticated
from cardsvc.errors import ServiceError
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.problems import Problem
from tests.pages.problems import refusals

REFUSALS = sorted(refusals(), key=lambda kind: kind.__name__)


def test_there_are_refusals_to_test() -> None:
    assert len(REFUSALS) > 40


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_an_answer(kind: type[ServiceError]) -> None:
    answer = answer_to(kind)

    ours = kind is AssertionNotSigned
    assert (500 if ours else 400) <= answer.status < (600 if ours else 500)
    if answer.status == HTTPStatus.UNAUTHORIZED and kind is not ClientRefused:
        assert answer.challenge is not None


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in REFUSALS]

    assert len(set(codes)) == len(codes)


def test_no_answer_is_for_a_class_that_is_gone() -> None:
    assert {kind for kind in ANSWERS if hasattr(kind, "code")} <= set(REFUSALS)


def test_a_refusal_without_an_answer_is_an_error_of_ours() -> None:
    with pytest.raises(LookupError):
        answer_to(type("Forgotten", (ServiceError,), {}))


def test_a_problem_carries_the_data_of_the_refusal() -> None:
    response = problem_of(CardNotActive(CardState.HELD))

    problem = Problem.model_validate_json(bytes(response.body))
    assert (problem.code, problem.status, problem.data) == ("card-not-active", 403, {"state": "held"})
    assert response.media_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_missing_token_is_answered_with_how_to_get_in() -> None:
    assert problem_of(NotAuthenticated()).headers["WWW-Authenticate"] == "Bearer"


def test_a_level_that_is_too_low_is_answered_with_the_one_that_is_needed() -> None:
    response = problem_of(StepUpRequired(Level.PIN))

    problem = Problem.model_validate_json(bytes(response.body))
    assert (problem.code, problem.status, problem.data) == ("step-up-required", 401, {"acr_values": "pin"})
    # RFC 9470 §3
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_user_authentication", acr_values="pin"'


def test_an_oauth_error_carries_our_code() -> None:
    response = oauth_error_of(StepUpRequired(Level.PIN))

    assert response.status_code == 400
    assert bytes(response.body) == (
        b'{"acr_values":"pin","error":"insufficient_user_authentication",'
        b'"error_description":"Ask the citizen to prove more.","problem":"step-up-required"}'
    )


def test_a_client_is_not_told_why_it_was_refused() -> None:
    answers = {bytes(oauth_error_of(ClientRefused(reason, "kiosk-1")).body) for reason in ClientRefusal}

    assert len(answers) == 1
    assert b"kiosk-1" not in answers.pop()
