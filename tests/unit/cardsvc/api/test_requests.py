"""What surrounds every request: its id, its size, its line in the log, and what is said of faults."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from sqlalchemy import text
from structlog.testing import LogCapture

from cardsvc.api.uploads import MAX_BODY
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceProblem
from cardsvc.db import transaction
from cardsvc.wire.levels import Level
from tests.fixtures.proofs import City


@pytest.fixture
def log() -> LogCapture:
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    return capture


def post(city: City, path: str, **content: Any) -> httpx.Response:
    token = city.client("kiosk-1").access_token()
    return city.http().post(path, headers={"Authorization": f"Bearer {token}"}, **content)


def test_every_answer_and_every_problem_names_its_request(sqlite_city: City) -> None:
    response = sqlite_city.http().get("/nowhere")

    request_id = response.headers["Request-Id"]
    assert response.json()["instance"] == f"urn:uuid:{request_id}"
    assert UUID(request_id).version == 7
    assert sqlite_city.http().get("/nowhere").headers["Request-Id"] != request_id


def test_the_caller_cannot_choose_the_id(sqlite_city: City) -> None:
    response = sqlite_city.http().get("/healthz", headers={"Request-Id": "mine"})

    assert response.headers["Request-Id"] != "mine"


def test_a_malformed_request_is_told_where_and_not_what(sqlite_city: City) -> None:
    sqlite_city.caller("kiosk-1")
    body = {"level": "Bond, James", "count": 99, "surprise": "James"}

    response = post(sqlite_city, "/v1/challenges", json=body)

    assert (response.status_code, response.json()["type"]) == (422, "urn:citizen-card:problem:invalid-request")
    faults = {(fault["in"], fault["pointer"], fault["reason"]) for fault in response.json()["errors"]}
    assert faults == {
        ("body", "/level", "enum"),
        ("body", "/count", "less_than_equal"),
        ("body", "/surprise", "extra_forbidden"),
    }
    assert "James" not in response.text


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[]", b"nonsense", b"\x93\x80", b'{"level": 1e999}'])
def test_what_is_no_json_is_a_problem_too(sqlite_city: City, content: bytes) -> None:
    sqlite_city.caller("kiosk-1")

    response = post(sqlite_city, "/v1/challenges", content=content)

    assert (response.status_code, response.headers["Content-Type"]) == (422, "application/problem+json")


def test_a_request_that_says_it_is_too_large_is_not_read(sqlite_city: City) -> None:
    response = sqlite_city.http().post("/v1/challenges", content=b"x" * (MAX_BODY + 1))

    assert (response.status_code, response.json()["type"]) == (413, "urn:citizen-card:problem:request-too-large")


def test_a_request_that_does_not_say_how_large_it_is_is_cut_off(sqlite_city: City) -> None:
    sqlite_city.caller("kiosk-1")

    response = post(sqlite_city, "/v1/challenges", content=iter([b" " * MAX_BODY, b" "]))

    assert (response.status_code, response.json()["type"]) == (413, "urn:citizen-card:problem:request-too-large")


def test_an_office_full_of_cards_can_be_counted(sqlite_city: City) -> None:
    officer = sqlite_city.caller("ana", CallerKind.OFFICER)

    count = officer.count_stock("hengqin", [f"HENGQIN-CARDS-{number:06d}" for number in range(10_000)])

    assert len(count.unexpected) == 10_000


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_no_number_is_refused(sqlite_city: City, length: str) -> None:
    response = sqlite_city.http().post("/v1/challenges", headers={"Content-Length": length})

    assert response.status_code == 413


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/oauth/token", 405)])
def test_what_the_framework_refuses_is_a_problem_too(sqlite_city: City, method: str, path: str, status: int) -> None:
    response = sqlite_city.http().request(method, path)

    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status


def test_a_path_says_all_the_methods_it_takes(sqlite_city: City) -> None:
    """RFC 9110 §15.5.6."""
    response = sqlite_city.http().put("/v1/applications")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


def test_a_fault_of_ours_says_nothing_about_itself(sqlite_city: City, log: LogCapture) -> None:
    kiosk, card = sqlite_city.caller("kiosk-1"), sqlite_city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    with transaction(sqlite_city.services.sessions) as session:
        session.execute(text("DROP TABLE visits"))

    with pytest.raises(ServiceProblem) as refused:
        kiosk.authenticate(card.prove(challenge))

    problem = refused.value.problem
    assert (problem.code, problem.status, problem.data) == ("internal-error", 500, {})
    assert "visits" not in problem.model_dump_json()
    (fault,) = (entry for entry in log.entries if entry["event"] == "fault")
    assert f"urn:uuid:{fault['request_id']}" == problem.instance


def test_a_request_leaves_one_line_without_what_was_in_it(sqlite_city: City, log: LogCapture) -> None:
    clerk = sqlite_city.caller("ana", CallerKind.OFFICER)
    card = sqlite_city.card()

    clerk.card(card.uuid)

    line = log.entries[-1]
    assert (line["event"], line["method"], line["path"], line["status"]) == (
        "request",
        "GET",
        "/v1/cards/{card_uuid}",
        200,
    )
    written = json.dumps([{name: str(value) for name, value in entry.items()} for entry in log.entries])
    assert clerk.access_token() not in written
    assert str(card.uuid) not in written


def test_a_path_that_is_no_route_is_not_written(sqlite_city: City, log: LogCapture) -> None:
    sqlite_city.http().get("/secret-in-the-path")

    assert log.entries[-1]["path"] == "unknown"


def test_without_its_database_the_service_is_alive_but_not_ready(sqlite_city: City, tmp_path: Any) -> None:
    engine = sqlite_city.services.sessions.kw["bind"]
    engine.dispose()
    (tmp_path / "service.db").unlink()
    (tmp_path / "service.db").mkdir()

    assert sqlite_city.http().get("/healthz").status_code == 200
    response = sqlite_city.http().get("/readyz")
    assert (response.status_code, response.json()["type"]) == (503, "urn:citizen-card:problem:not-ready")
