"""Nobody waits for the database in the event loop, where everybody would wait with them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext
from sqlalchemy import Connection, event, text

from cardsvc.app import describe_api
from cardsvc.callers.models import CallerKind
from cardsvc.db import reading
from cardsvc.wire.levels import Level
from tests.fixtures.access import ROUTES, name_of, token_for
from tests.fixtures.proofs import BASE_URL, City

CALLERS: Final = {"ana": CallerKind.OFFICER, "kiosk-1": CallerKind.KIOSK, "desk-1": CallerKind.DESK}
DEPARTMENT: Final = "medical-insurance"
OPERATIONS: Final = {
    operation["operationId"]: operation
    for methods in describe_api(BASE_URL)["paths"].values()
    for operation in methods.values()
}


class Asked(list[str]):
    """The statements of some time, and those of them that were sent in an event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.in_loop: list[str] = []

    def note(self, _connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self.append(statement)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self.in_loop.append(statement)


@contextmanager
def watching(city: City) -> Iterator[Asked]:
    asked, engine = Asked(), city.services.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", asked.note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", asked.note)


def forget_keys(city: City) -> None:
    """As after half a minute: whoever needs a key next asks the database."""
    city.services.key_ring._read_at = None
    assert city.services.key_ring.is_stale


def ask(city: City, route: RouteContext, token: str | None, *, whole: bool) -> httpx.Response:
    """The request of the route's example, or one without a body."""
    path = re.sub(r"\{[^}]+\}", str(uuid4()), route.path or "")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if not route.methods:
        return city.transport.open_websocket(path, headers)
    content = OPERATIONS[str(route.operation_id)].get("requestBody", {}).get("content", {}) if whole else {}
    sent: dict[str, Any] = {}
    if "application/json" in content:
        sent = {"json": content["application/json"]["example"]}
    elif "application/x-www-form-urlencoded" in content:
        sent = {"data": content["application/x-www-form-urlencoded"]["example"]}
    return city.http().request(min(route.methods), path, headers=headers, **sent)


@pytest.fixture
def peopled(sqlite_city: City) -> City:
    for name, kind in CALLERS.items():
        sqlite_city.caller(name, kind)
    sqlite_city.department(DEPARTMENT)
    return sqlite_city


@pytest.mark.parametrize("name", [None, *CALLERS, DEPARTMENT])
def test_no_route_asks_the_database_in_the_event_loop(peopled: City, name: str | None) -> None:
    """Every route, as each kind of caller, with its example and without a body; done or refused."""
    token = None if name is None else token_for(peopled, name)
    found: dict[str, list[str]] = {}
    with watching(peopled) as asked:
        for route in ROUTES:
            for whole in (True, False):
                forget_keys(peopled)
                assert ask(peopled, route, token, whole=whole).status_code < 500, name_of(route)
                if asked.in_loop:
                    found[name_of(route)], asked.in_loop = asked.in_loop, []
    assert found == {}
    assert len(asked) > (0 if name is None else len(ROUTES))


def test_nor_does_the_way_of_a_card(peopled: City) -> None:
    """What is answered in groups and by the token endpoint: what comes to its end, unlike most examples."""
    card = peopled.card()
    with watching(peopled) as asked:
        kiosk, insurance = peopled.client("kiosk-1"), peopled.client(DEPARTMENT)
        for level in (Level.TAP, Level.PIN):
            forget_keys(peopled)
            (challenge,) = kiosk.challenges(level)
            forget_keys(peopled)
            visit = kiosk.authenticate(card.prove(challenge))
            forget_keys(peopled)
            assertion = kiosk.exchange(visit.visit_token, DEPARTMENT, "clinic-check-in")
            forget_keys(peopled)
            insurance.verify(assertion)
            forget_keys(peopled)
            kiosk.end_visit(visit.visit_token)
    assert asked.in_loop == []
    assert len(asked) > 20


def test_a_route_that_does_is_found(sqlite_city: City) -> None:
    app = sqlite_city.transport.app
    assert isinstance(app, FastAPI)

    @app.get("/hasty")
    async def hasty() -> int:
        with reading(sqlite_city.services.sessions) as session:
            return int(session.scalar(text("SELECT 7")) or 0)

    with watching(sqlite_city) as asked:
        assert sqlite_city.http().get("/hasty").text == "7"
    assert asked.in_loop == ["BEGIN", "SELECT 7"]
