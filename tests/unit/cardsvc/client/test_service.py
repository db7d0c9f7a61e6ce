"""The client: its tokens, what it tries again, and what it makes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable, load_key, statement
from cardsvc.wire import jose
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.levels import Level
from tests.fixtures.services import NOW, StandingClock

BASE_URL = "https://cards.example"
KEY = ECKey.generate_key("P-256")
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Service:
    """Gives tokens, and to everything else the answers that it was given."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    tokens: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/oauth/token" and not self.form(request).get("subject_token"):
            self.tokens += 1
            return httpx.Response(
                200, json={"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 300}
            )
        return self.answers.pop(0)(request)

    @staticmethod
    def form(request: httpx.Request) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def challenges(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"challenges": []})


def refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def time_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


def problem(status: int, code: str, **data: Any) -> Answer:
    body = {"type": f"urn:citizen-card:problem:{code}", "title": "no", "status": status} | data
    return lambda _: httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


TOO_MANY = {"type": "urn:citizen-card:problem:too-many-requests", "title": "no", "status": 429}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service, clock: StandingClock) -> ServiceClient:
    return ServiceClient(BASE_URL + "/", "kiosk-1", KEY, clock=clock, transport=httpx.MockTransport(service))


def proof() -> CardProof:
    return CardProof(
        challenge_handle="abc", card_uuid=uuid4(), level=Level.TAP, audience="kiosk-1", signature=b"123456789"
    )


def test_it_shows_who_it_is_with_an_assertion_of_its_own(client: ServiceClient, service: Service) -> None:
    assert client.access_token() == "token-1"

    form = service.form(service.requests[0])
    claims = jose.parse(form["client_assertion"]).verify(jose.public_key(KEY.as_dict(private=False)), typ="JWT")
    seconds = int(NOW.timestamp())
    assert {name: claims[name] for name in ("iss", "sub", "aud", "iat", "exp")} == {
        "iss": "kiosk-1",
        "sub": "kiosk-1",
        "aud": BASE_URL,
        "iat": seconds,
        "exp": seconds + 60,
    }


def test_no_two_assertions_are_the_same(client: ServiceClient, service: Service, clock: StandingClock) -> None:
    for _ in range(3):
        client.access_token()
        clock.advance(minutes=5)

    assertions = [service.form(request)["client_assertion"] for request in service.requests]
    assert len({jose.parse(assertion).claims["jti"] for assertion in assertions}) == 3


def test_another_name_of_the_service_can_be_given(service: Service, clock: StandingClock) -> None:
    client = ServiceClient(
        "http://127.0.0.1:9", "kiosk-1", KEY, issuer=BASE_URL, clock=clock, transport=httpx.MockTransport(service)
    )
    client.access_token()

    assert jose.parse(service.form(service.requests[0])["client_assertion"]).claims["aud"] == BASE_URL


def test_a_token_is_kept_until_shortly_before_its_end(
    client: ServiceClient, service: Service, clock: StandingClock
) -> None:
    client.access_token()
    clock.advance(seconds=269)
    assert client.access_token() == "token-1"

    clock.advance(seconds=1)

    assert client.access_token() == "token-2"


def test_a_token_that_is_not_accepted_is_replaced_once(client: ServiceClient, service: Service) -> None:
    service.answers = [problem(401, "invalid-token"), challenges]

    client.challenges(Level.TAP)

    assert [request.headers.get("Authorization") for request in service.requests[1::2]] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
    service.answers = [problem(401, "invalid-token"), problem(401, "invalid-token")]
    with pytest.raises(ServiceProblem, match="invalid-token"):
        client.challenges(Level.TAP)


def test_no_other_token_is_asked_for_when_the_citizen_has_to_prove_more(
    client: ServiceClient, service: Service
) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", acr_values="pin"'}
    body = {"type": "urn:citizen-card:problem:step-up-required", "title": "no", "status": 401, "acr_values": "pin"}
    service.answers = [lambda _: httpx.Response(401, json=body, headers=challenge), challenges]

    with pytest.raises(ServiceProblem) as refused:
        client.own_access_history("visit")

    assert (refused.value.problem.code, refused.value.problem.data) == ("step-up-required", {"acr_values": "pin"})
    assert (service.tokens, len(service.answers)) == (1, 1)


def test_what_may_be_done_twice_is_tried_again_without_a_connection(client: ServiceClient, service: Service) -> None:
    service.answers = [refuse_connection, challenges]
    client.challenges(Level.TAP)

    service.answers = [refuse_connection, refuse_connection, challenges]
    with pytest.raises(ServiceUnreachable):
        client.challenges(Level.TAP)


@pytest.mark.parametrize("failure", [refuse_connection, time_out])
def test_a_proof_is_sent_once(client: ServiceClient, service: Service, failure: Answer) -> None:
    service.answers = [failure, challenges]

    with pytest.raises(ServiceUnreachable):
        client.authenticate(proof())
    assert len(service.answers) == 1


@pytest.mark.parametrize("wait", ["", "tomorrow", "Wed, 21 Oct 2026 07:28:00 GMT", "3600"])
def test_it_waits_neither_for_what_it_does_not_understand_nor_for_long(
    client: ServiceClient, service: Service, wait: str
) -> None:
    service.answers = [lambda _: httpx.Response(429, json=TOO_MANY, headers={"Retry-After": wait}), challenges]

    with pytest.raises(ServiceProblem, match="too-many-requests"):
        client.challenges(Level.TAP)
    assert len(service.answers) == 1


def test_what_has_a_key_is_sent_again_with_it_even_with_another_token(client: ServiceClient, service: Service) -> None:
    office = {"code": "taipa", "title": "Taipa", "created_at": "2026-03-02T09:30:00Z"}
    service.answers = [time_out, problem(401, "invalid-token"), lambda _: httpx.Response(201, json=office)]

    client.open_office("taipa", "Taipa")

    keys = [request.headers.get("Idempotency-Key") for request in service.requests if "offices" in request.url.path]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    service.answers = [lambda _: httpx.Response(201, json=office)]
    client.open_office("taipa", "Taipa")
    assert service.requests[-1].headers["Idempotency-Key"] != keys[0]


def test_it_waits_while_the_first_request_with_its_key_is_being_done(service: Service, clock: StandingClock) -> None:
    slept: list[float] = []
    office = {"code": "taipa", "title": "Taipa", "created_at": "2026-03-02T09:30:00Z"}
    body = {"type": "urn:citizen-card:problem:idempotency-key-in-use", "title": "no", "status": 409}
    service.answers = [
        lambda _: httpx.Response(409, json=body, headers={"Retry-After": "1"}),
        lambda _: httpx.Response(201, json=office),
    ]
    transport = httpx.MockTransport(service)
    client = ServiceClient(BASE_URL, "ana", KEY, clock=clock, transport=transport, sleep=slept.append)

    assert client.open_office("taipa", "Taipa").code == "taipa"
    assert slept == [1]


class Unwanted(Exception):
    """Raised by the check of a test."""


@dataclass
class Officer:
    """Stops waiting while something goes on."""

    stopped: bool = False

    def stop(self, _: float = 0) -> None:
        self.stopped = True

    def check(self) -> None:
        if self.stopped:
            raise Unwanted

    def stops_during(self, answer: Answer) -> Answer:
        def answered(request: httpx.Request) -> httpx.Response:
            self.stop()
            return answer(request)

        return answered


@pytest.mark.parametrize(
    ("during", "sent"),
    [
        (None, 1),  # sent before anybody stopped
        ("token", 0),
        ("refused", 1),  # whose second try would have another token
        ("pause", 1),
        ("lost", 1),
    ],
)
def test_nothing_is_sent_any_more_once_it_is_not_wanted(
    service: Service, clock: StandingClock, during: str | None, sent: int
) -> None:
    officer = Officer()
    slow_down: Answer = lambda _: httpx.Response(429, json=TOO_MANY, headers={"Retry-After": "1"})  # noqa: E731
    first: dict[str | None, Answer] = {
        "refused": officer.stops_during(problem(401, "invalid-token")),
        "pause": slow_down,
        "lost": officer.stops_during(time_out),
    }
    office = {"code": "taipa", "title": "Taipa", "created_at": "2026-03-02T09:30:00Z"}
    service.answers = [*([first[during]] if during in first else []), lambda _: httpx.Response(201, json=office)]

    def answers(request: httpx.Request) -> httpx.Response:
        if during == "token":
            officer.stop()
        return service(request)

    transport = httpx.MockTransport(answers)
    client = ServiceClient(BASE_URL, "ana", KEY, clock=clock, transport=transport, sleep=officer.stop)
    wanted = client.as_long_as(officer.check)
    if during is None:
        assert wanted.open_office("taipa", "Taipa").code == "taipa"
    else:
        with pytest.raises(Unwanted):
            wanted.open_office("taipa", "Taipa")
    assert [request.url.path for request in service.requests].count("/v1/offices") == sent


def test_a_lost_answer_is_not_asked_for_again(client: ServiceClient, service: Service) -> None:
    service.answers = [time_out, challenges]

    with pytest.raises(ServiceUnreachable):
        client.challenges(Level.TAP)
    assert len(service.answers) == 1


def test_a_problem_is_raised_with_its_data(client: ServiceClient, service: Service) -> None:
    service.answers = [problem(403, "card-not-active", state="held", detail="The card is held.")]

    with pytest.raises(ServiceProblem) as refused:
        client.authenticate(proof())

    assert (refused.value.problem.code, refused.value.problem.data) == ("card-not-active", {"state": "held"})
    assert str(refused.value) == "card-not-active: The card is held."


def test_an_oauth_error_is_a_problem_too(client: ServiceClient, service: Service) -> None:
    body = {"error": "invalid_grant", "error_description": "Tap again.", "problem": "visit-ended", "reason": "idle"}
    service.answers = [lambda _: httpx.Response(400, json=body)]

    with pytest.raises(ServiceProblem) as refused:
        client.exchange("visit", "education", "loan")

    told = refused.value.problem
    assert (told.code, told.detail, told.status) == ("visit-ended", "Tap again.", 400)
    assert told.data == {"error": "invalid_grant", "reason": "idle"}


def test_an_oauth_error_of_another_server_keeps_its_own_code(client: ServiceClient, service: Service) -> None:
    service.answers = [lambda _: httpx.Response(400, json={"error": "temporarily_unavailable"})]

    with pytest.raises(ServiceProblem) as refused:
        client.exchange("visit", "education", "loan")

    assert refused.value.problem.code == "temporarily_unavailable"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(502, content=b"<html>bad gateway</html>"),
        httpx.Response(500),
        httpx.Response(404, json=["what"]),
        httpx.Response(400, json={"title": "half a problem"}),
        httpx.Response(200, json={"surprise": 1}),
        httpx.Response(200, content=b"{"),
    ],
    ids=lambda response: f"{response.status_code} {response.content[:12]!r}",
)
def test_what_makes_no_sense_is_as_good_as_no_answer(
    client: ServiceClient, service: Service, response: httpx.Response
) -> None:
    service.answers = [lambda _: response]

    with pytest.raises(ServiceUnreachable):
        client.authenticate(proof())


def test_no_error_and_no_name_shows_a_token(client: ServiceClient, service: Service) -> None:
    service.answers = [time_out]

    with pytest.raises(ServiceUnreachable) as unreachable:
        client.exchange("secret-visit-token", "education", "loan")

    shown = f"{unreachable.value} {unreachable.value!r} {client!r}"
    assert "secret-visit-token" not in shown
    assert "token-1" not in shown


def test_an_exchange_names_department_service_and_attributes(client: ServiceClient, service: Service) -> None:
    answer = {"access_token": "the-assertion", "token_type": "N_A", "expires_in": 300}
    service.answers = [lambda _: httpx.Response(200, json=answer)]

    assert client.exchange("visit", "education", "loan", ["district", "name"]) == "the-assertion"

    form = service.form(service.requests[-1])
    assert (form["audience"], form["service"]) == ("urn:citizen-card:department:education", "loan")
    assert (form["attributes"], form["subject_token"]) == ("district name", "visit")


CARD = UUID("6f1c8a52-3e0b-4d6f-9a57-1c2d3e4f5a6b")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [("http://127.0.0.1:8080", "ws://127.0.0.1:8080"), ("https://cards.example", "wss://cards.example")],
)
def test_the_relay_is_at_the_same_service(base_url: str, expected: str, clock: StandingClock) -> None:
    client = ServiceClient(base_url, "desk-1", KEY, clock=clock, transport=httpx.MockTransport(Service()))

    assert client.relay_url(CARD) == f"{expected}/v1/cards/{CARD}/relay"
    assert client.relay_headers() == {"Authorization": "Bearer token-1"}


def test_what_the_card_signs_is_made_from_the_challenge() -> None:
    # the first vector of tests/unit/cardsvc/wire/vectors.json
    challenge = Challenge(
        handle="any",
        challenge=bytes(range(32)),
        issuer="https://cards.example",
        level=Level.TAP,
        client_id="kiosk-1",
        audience="kiosk-1",
        expires_at=datetime.fromtimestamp(1772443800, UTC),
    )
    expected = "6bbf76fe4301e49deec7c7759bb13b446ec205b55742b95a51525d1e079b7bd8"

    assert statement(challenge, CARD).digest.hex() == expected


def test_a_key_is_read_from_a_file_that_is_private(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.jwk"
    path.write_text(json.dumps(KEY.as_dict(private=True)))
    path.chmod(0o600)

    assert load_key(path).thumbprint() == KEY.thumbprint()
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(PermissionError):
            load_key(path)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(KEY.as_dict(private=False)),
        json.dumps(ECKey.generate_key("P-384").as_dict(private=True)),
        '{"kty": "oct", "k": "AAAA"}',
        "[]",
        "{",
        "",
    ],
)
def test_a_file_without_such_a_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kiosk.jwk"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(ValueError, match=r"kiosk\.jwk"):
        load_key(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_key(tmp_path / "none.jwk")
