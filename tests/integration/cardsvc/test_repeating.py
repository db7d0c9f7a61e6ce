"""Writes that PostgreSQL breaks off, because they met others, are done again, and whoever asked hears nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from cardsvc.api.once import OnceRoute
from cardsvc.app import checked_routes
from cardsvc.audit.service import OK, record
from cardsvc.callers.models import CallerKind
from cardsvc.db import transaction
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import IDEMPOTENCY_HEADER
from cardsvc.wire.signed import activation_hash
from readers.piv.identifiers import KeyReference
from tests.fixtures.counter import Counter
from tests.fixtures.proofs import City

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ROUTES: Final = [
    context.original_route
    for context in iter_route_contexts(checked_routes())
    if isinstance(context.original_route, OnceRoute) and set(context.methods or ()) & {"POST", "PUT", "PATCH", "DELETE"}
]
STATES: Final = {"serialization failure": "40001", "deadlock": "40P01"}
KEY: Final = "018f6d3e-5d0a-7c3e-9b1e-3f0a5b7c9d11"
OFFICE: Final = {"code": "taipa", "title": "Taipa"}
STEPS: Final[tuple[tuple[str, str, Any, str], ...]] = (
    ("POST", "/v1/offices", OFFICE, "office.open"),
    ("PATCH", "/v1/offices/taipa", {"title": "Taipa Central"}, "office.change"),
    ("POST", "/v1/stock", {"stock_number": "HQ-000001"}, "card.stock"),
    ("POST", "/v1/people/search", {"document_number": "G1234567", "purpose": "enrolment"}, "person.search"),
    ("POST", "/v1/offices/taipa/close", None, "office.close"),
)
"""What is asked for, one after the other, and what the audit log calls it."""


def break_off(session: Session, sqlstate: str) -> None:
    """The database's own error: it does nothing more in this transaction."""
    session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'met another' USING ERRCODE = '{sqlstate}'; END $$"))


@contextmanager
def broken_off_once(city: City, sqlstate: str) -> Iterator[list[str]]:
    """What is done is broken off at its commit, the first time. Gives how, once it has happened."""
    hit: list[str] = []

    def meet(session: Session) -> None:
        if not hit and session.get_nested_transaction() is None:
            hit.append(sqlstate)
            break_off(session, sqlstate)

    event.listen(city.services.sessions, "before_commit", meet)
    try:
        yield hit
    finally:
        event.remove(city.services.sessions, "before_commit", meet)


class Desk:
    """An officer whose requests are sent with a key or without."""

    def __init__(self, city: City, headers: dict[str, str]) -> None:
        self.city = city
        self.headers = headers | {"Authorization": f"Bearer {city.caller('ana', CallerKind.OFFICER).access_token()}"}

    def send(self, method: str, path: str, body: Any) -> httpx.Response:
        return self.city.http().request(method, path, json=body, headers=self.headers)


def test_every_route_that_changes_something_is_done_again(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with something in its place that writes a record: the first time it is broken off."""
    services, tried = city.services, dict.fromkeys((str(route.operation_id) for route in ROUTES), 0)

    def work_of(operation: str) -> Any:
        def work(**_arguments: Any) -> str:
            with transaction(services.sessions) as session:
                record(session, event=f"test.{operation}", outcome=OK, actor="ana", now=city.clock())
                session.flush()
                tried[operation] += 1
                if tried[operation] == 1:
                    break_off(session, STATES["serialization failure"])
            return operation

        return work

    for route in ROUTES:
        operation = str(route.operation_id)
        monkeypatch.setattr(route, "_endpoint", work_of(operation))
        assert route.endpoint(services=services) == operation

    assert set(tried.values()) == {2}
    assert {name for name in tried if len(city.audit(f"test.{name}")) != 1} == set()
    assert len(tried) > 70


@pytest.mark.parametrize("sqlstate", STATES.values(), ids=STATES)
@pytest.mark.parametrize("headers", [{}, {IDEMPOTENCY_HEADER: KEY}], ids=["without a key", "with a key"])
def test_it_takes_effect_once_and_nobody_hears_of_it(city: City, headers: dict[str, str], sqlstate: str) -> None:
    desk = Desk(city, headers)
    for number, (method, path, body, name) in enumerate(STEPS):
        if headers:
            desk.headers[IDEMPOTENCY_HEADER] = f"{KEY[:-2]}{number:02}"
        with broken_off_once(city, sqlstate) as hit:
            response = desk.send(method, path, body)
        assert (name, response.is_success, hit) == (name, True, [sqlstate]), response.text
        assert len(city.audit(name)) == 1


@pytest.mark.parametrize("headers", [{}, {IDEMPOTENCY_HEADER: KEY}], ids=["without a key", "with a key"])
def test_a_refusal_that_spent_something_is_committed_once(counter: Counter, headers: dict[str, str]) -> None:
    card = counter.delivered(counter.ana.create_application(counter.person()))
    (challenge,) = counter.desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    keys = counter.keys[card.uuid]
    proof = keys.prove(challenge, signature=keys.sign(KeyReference.PIV_AUTHENTICATION, bytes(32)))

    def activate() -> httpx.Response:
        body = {"proof": proof.model_dump(mode="json")}
        sent = {"Authorization": f"Bearer {counter.desk.access_token()}"} | headers
        return counter.city.http().post(f"/v1/cards/{card.uuid}/activate", json=body, headers=sent)

    counter.desk.access_token()
    with broken_off_once(counter.city, STATES["deadlock"]) as hit:
        refused = activate()

    assert (refused.status_code, hit) == (422, [STATES["deadlock"]])
    problem = refused.json()
    assert problem["type"].endswith(":signature-invalid")
    assert problem["instance"] == f"urn:uuid:{UUID(refused.headers['Request-Id'])}"
    assert [entry.outcome for entry in counter.city.audit("card.activate")] == ["signature-invalid"]
    assert counter.city.audit("request") == []
    if not headers:
        assert activate().json()["type"].endswith(":challenge-replayed")


def test_any_other_refusal_undoes_everything_and_is_on_record_once(city: City) -> None:
    desk = Desk(city, {})
    with broken_off_once(city, STATES["deadlock"]) as hit:
        refused = desk.send("POST", "/v1/offices/taipa/close", None)

    assert (refused.status_code, hit) == (404, [STATES["deadlock"]])
    assert [entry.outcome for entry in city.audit("request")] == ["no-such-office"]


def test_a_route_that_is_broken_off_again_and_again_gives_up(city: City) -> None:
    desk, tries = Desk(city, {}), []

    def meet(session: Session) -> None:
        if session.get_nested_transaction() is None:
            tries.append(session)
            break_off(session, STATES["deadlock"])

    event.listen(city.services.sessions, "before_commit", meet)
    answer = desk.send("POST", "/v1/offices", OFFICE)
    event.remove(city.services.sessions, "before_commit", meet)

    assert (answer.status_code, len(tries)) == (500, 5)
    assert city.audit("office.open") == []
