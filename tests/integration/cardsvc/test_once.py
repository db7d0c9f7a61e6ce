"""Requests with an Idempotency-Key, on both databases: done once, answered the same, and nothing of it in clear."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from cardsvc.api.once import REPLAYED_HEADER
from cardsvc.callers.models import CallerKind
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient
from cardsvc.db import reading, table_of, transaction, whole
from cardsvc.idempotency import keeping
from cardsvc.idempotency.models import KeptAnswer
from cardsvc.offices.models import Office
from cardsvc.retention.running import run
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import IDEMPOTENCY_HEADER
from cardsvc.wire.signed import activation_hash
from readers.piv.identifiers import KeyReference
from tests.fixtures.counter import Counter
from tests.fixtures.issuance import MEI
from tests.fixtures.proofs import BASE_URL, City

KEY = "018f6d3e-5d0a-7c3e-9b1e-3f0a5b7c9d11"
OFFICE = {"code": "taipa", "title": "Taipa"}


class Desk:
    """An officer whose requests are sent as the test writes them."""

    def __init__(self, city: City, name: str = "ana") -> None:
        self.city = city
        self.token = city.caller(name, CallerKind.OFFICER).access_token()

    def send(self, path: str, body: Any = None, *, key: str = KEY, method: str = "POST") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", IDEMPOTENCY_HEADER: key}
        return self.city.http().request(method, path, json=body, headers=headers)

    def rows(self, table: Any) -> int:
        with reading(self.city.services.sessions) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def desk(city: City) -> Desk:
    return Desk(city)


@pytest.fixture
def sqlite_desk(sqlite_city: City) -> Desk:
    return Desk(sqlite_city)


def said(response: httpx.Response) -> tuple[int, str, bool]:
    code = response.json()["type"].rpartition(":")[2] if response.is_error else "ok"
    return response.status_code, code, REPLAYED_HEADER in response.headers


def test_a_request_that_comes_twice_is_done_once_and_answered_the_same(desk: Desk) -> None:
    first, again = (desk.send("/v1/offices", OFFICE) for _ in range(2))

    assert (said(first), said(again)) == ((201, "ok", False), (201, "ok", True))
    assert (again.content, again.headers["Content-Type"]) == (first.content, first.headers["Content-Type"])
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert (desk.rows(Office), len(desk.city.audit("office.open"))) == (1, 1)
    assert said(desk.send("/v1/offices", OFFICE, key=str(uuid4()))) == (409, "office-exists", False)


def test_with_a_key_the_answer_is_the_one_without(desk: Desk) -> None:
    with_key = desk.send("/v1/offices", OFFICE)
    headers = {"Authorization": f"Bearer {desk.token}"}
    without = desk.city.http().post("/v1/offices", json={**OFFICE, "code": "coloane"}, headers=headers)

    assert with_key.json() | {"code": ""} == without.json() | {"code": ""}
    assert with_key.headers["Content-Type"] == without.headers["Content-Type"]


def test_bare_and_quoted_it_is_the_same_key(desk: Desk) -> None:
    assert said(desk.send("/v1/offices", OFFICE, key=f'"{KEY}"')) == (201, "ok", False)
    assert said(desk.send("/v1/offices", OFFICE)) == (201, "ok", True)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/offices", {**OFFICE, "title": "Other"}), ("/v1/offices?x=1", OFFICE), ("/v1/offices/taipa/close", OFFICE)],
)
def test_another_request_with_the_same_key_is_refused(desk: Desk, path: str, body: Any) -> None:
    desk.send("/v1/offices", OFFICE)
    assert said(desk.send(path, body)) == (422, "idempotency-key-reused", False)


def test_callers_may_have_the_same_key(desk: Desk) -> None:
    other = Desk(desk.city, "bo")
    assert said(desk.send("/v1/offices", OFFICE)) == (201, "ok", False)
    assert said(other.send("/v1/offices", {**OFFICE, "code": "coloane"})) == (201, "ok", False)


@pytest.mark.parametrize("key", ["", "short", "x" * 65, f'"{KEY}', f"{KEY} ", "0123456789 abcdef", "鍵鍵鍵鍵鍵鍵"])
def test_what_is_no_key_is_refused(sqlite_desk: Desk, key: str) -> None:
    headers = {"Authorization": f"Bearer {sqlite_desk.token}", IDEMPOTENCY_HEADER: key.encode()}
    raw: Any = headers
    refused = sqlite_desk.city.http().post("/v1/offices", json=OFFICE, headers=raw)
    assert said(refused) == (400, "idempotency-key-malformed", False)
    assert sqlite_desk.rows(Office) == 0


def test_a_refusal_that_changed_nothing_is_not_kept(desk: Desk) -> None:
    assert said(desk.send("/v1/offices/taipa/close")) == (404, "no-such-office", False)
    assert desk.rows(KeptAnswer) == 0
    desk.send("/v1/offices", OFFICE, key=str(uuid4()))

    assert said(desk.send("/v1/offices/taipa/close")) == (200, "ok", False)
    assert said(desk.send("/v1/offices/taipa/close")) == (200, "ok", True)


def test_a_key_tells_nothing_to_somebody_without_a_token(desk: Desk) -> None:
    desk.send("/v1/offices", OFFICE)
    bare = desk.city.http().post("/v1/offices", json=OFFICE, headers={IDEMPOTENCY_HEADER: KEY})
    assert said(bare) == (401, "not-authenticated", False)


def test_a_refusal_that_spent_a_challenge_is_kept_with_it(counter: Counter) -> None:
    card = counter.delivered(counter.ana.create_application(counter.person()))
    (challenge,) = counter.desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    keys = counter.keys[card.uuid]
    another = keys.sign(KeyReference.PIV_AUTHENTICATION, bytes(32))
    body = {"proof": keys.prove(challenge, signature=another).model_dump(mode="json")}
    headers = {"Authorization": f"Bearer {counter.desk.access_token()}", IDEMPOTENCY_HEADER: KEY}

    first, again = (
        counter.city.http().post(f"/v1/cards/{card.uuid}/activate", json=body, headers=headers) for _ in range(2)
    )

    assert (said(first), said(again)) == ((422, "signature-invalid", False), (422, "signature-invalid", True))
    assert again.json() == first.json()
    assert [entry.outcome for entry in counter.city.audit("card.activate")] == ["signature-invalid"]


def test_of_a_hundred_at_once_one_takes_effect(desk: Desk) -> None:
    together = Barrier(20)

    def send(number: int) -> tuple[int, str, bool]:
        if number < together.parties:
            together.wait()
        return said(desk.send("/v1/offices", OFFICE))

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(send, range(100)))

    assert answers == [(201, "ok", False), *[(201, "ok", True)] * 99]
    assert (desk.rows(Office), len(desk.city.audit("office.open"))) == (1, 1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_would_wait_too_long_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE", "50ms")
    began, finish = Barrier(2), Barrier(2)

    def hold(session: Session, _context: Any) -> None:
        if any(isinstance(row, Office) for row in session.new):
            began.wait()
            finish.wait()

    with ThreadPoolExecutor(1) as pool:
        factory = desk.city.services.sessions
        event.listen(factory, "after_flush", hold)
        first = pool.submit(desk.send, "/v1/offices", OFFICE)
        began.wait()
        second = desk.send("/v1/offices", OFFICE)
        finish.wait()
        assert said(first.result()) == (201, "ok", False)
        event.remove(factory, "after_flush", hold)
    assert (said(second), second.headers["Retry-After"]) == ((409, "idempotency-key-in-use", False), "1")


@pytest.mark.parametrize("moment", ["before_commit", "before_flush"])
def test_neither_is_there_without_the_other(desk: Desk, moment: str) -> None:
    """A fault at the last moment, or at any other, undoes the effect with the answer."""
    factory = desk.city.services.sessions

    def break_off(session: Session, *_: Any) -> None:
        if session.get_nested_transaction() is None and any(isinstance(row, KeptAnswer) for row in session.dirty):
            raise RuntimeError("pulled the plug")

    event.listen(factory, moment, break_off)
    assert said(desk.send("/v1/offices", OFFICE)) == (500, "internal-error", False)
    assert (desk.rows(Office), desk.rows(KeptAnswer), desk.city.audit("office.open")) == (0, 0, [])
    event.remove(factory, moment, break_off)

    assert said(desk.send("/v1/offices", OFFICE)) == (201, "ok", False)


def application(desk: Desk) -> httpx.Response:
    return desk.send("/v1/applications", {"person": MEI.model_dump(mode="json")})


def test_what_is_kept_cannot_be_read_from_the_database(desk: Desk) -> None:
    assert application(desk).status_code == 201
    with reading(desk.city.services.sessions) as session:
        (row,) = session.execute(select(table_of(KeptAnswer))).all()
    kept = repr(tuple(row)).encode() + b"".join(value for value in row if isinstance(value, bytes))
    assert len(row.sealed_answer) > len(MEI.model_dump_json())
    for secret in (KEY, MEI.document_number, MEI.name_latin or "", MEI.name.encode("unicode_escape").decode()):
        assert secret.encode() not in kept
    assert MEI.name.encode() not in kept


def test_answers_about_a_person_go_with_the_person(desk: Desk) -> None:
    citizen_id = application(desk).json()["citizen_id"]
    desk.send("/v1/offices", OFFICE, key=str(uuid4()))
    with transaction(desk.city.services.sessions) as session:
        (citizen,) = session.scalars(select(Citizen))
        assert str(citizen.id) == citizen_id
        forget_person(session, citizen)
    with reading(desk.city.services.sessions) as session:
        assert session.scalars(select(KeptAnswer.citizens)).all() == [()]


def test_after_a_day_a_key_is_new(desk: Desk) -> None:
    services = desk.city.services
    desk.send("/v1/offices", OFFICE)
    desk.city.clock.advance(hours=23, minutes=59)
    desk.token = desk.city.client("ana").access_token()
    assert run(services.sessions, services.settings.erasures_file, services.clock())["kept-answers"] == 0
    assert said(desk.send("/v1/offices", OFFICE)) == (201, "ok", True)

    desk.city.clock.advance(minutes=2)
    assert said(desk.send("/v1/offices", OFFICE)) == (409, "office-exists", False)
    assert run(services.sessions, services.settings.erasures_file, services.clock())["kept-answers"] == 1
    assert desk.rows(KeptAnswer) == 0


class LosesAnswers(httpx.BaseTransport):
    """A connection that breaks after the request has arrived, the first time."""

    def __init__(self, inner: httpx.BaseTransport, failure: Callable[[httpx.Request], Exception]) -> None:
        self._inner, self._failure = inner, failure
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if "/oauth/" in request.url.path:
            return response
        self.seen.append(request)
        if len(self.seen) == 1:
            raise self._failure(request)
        return response


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectError])
def test_our_client_asks_again_after_a_lost_answer(desk: Desk, failure: type[httpx.TransportError]) -> None:
    lossy = LosesAnswers(desk.city.transport, lambda request: failure("lost", request=request))
    city = desk.city
    ana = ServiceClient(BASE_URL, "ana", city.keys["ana"], clock=city.clock, transport=lossy)

    assert ana.open_office("taipa", "Taipa").code == "taipa"

    first, again = lossy.seen
    assert first.headers[IDEMPOTENCY_HEADER] == again.headers[IDEMPOTENCY_HEADER]
    assert len(city.audit("office.open")) == 1


def test_a_part_of_a_whole_that_fails_is_undone_alone(desk: Desk) -> None:
    sessions, now = desk.city.services.sessions, desk.city.clock()

    def open_office(code: str, *, fail: bool = False) -> None:
        with transaction(sessions) as session:
            session.add(Office(code=code, title=code, created_at=now))
            session.flush()
            if fail:
                raise RuntimeError

    def work(_session: Session) -> None:
        open_office("taipa")
        with pytest.raises(RuntimeError):
            open_office("coloane", fail=True)
        with reading(sessions) as session:
            assert session.scalars(select(Office.code)).all() == ["taipa"]

    whole(sessions, work)
    assert desk.rows(Office) == 1


def test_whoever_gets_an_answer_again_is_on_record_with_the_person_it_is_about(desk: Desk) -> None:
    person = {"person": MEI.model_dump(mode="json")}
    first, *again = (desk.send("/v1/applications", person) for _ in range(3))

    assert [said(each) for each in again] == [(201, "ok", True)] * 2
    created, *replayed = (*desk.city.audit("application.create"), *desk.city.audit("answer.replay"))
    assert [(entry.actor, entry.citizen_id) for entry in replayed] == [("ana", created.citizen_id)] * 2
    assert created.citizen_id is not None
    assert first.content == again[0].content
