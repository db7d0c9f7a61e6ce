"""Lists come in pages, on both databases: everything once, whatever comes and goes meanwhile."""

from __future__ import annotations

from typing import Any, get_origin

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from cardsvc.app import checked_routes
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceProblem
from cardsvc.db import transaction
from cardsvc.offices.models import Office
from cardsvc.wire.base import Page, encode_base64url
from tests.fixtures.counter import Counter
from tests.fixtures.proofs import City

FEEDS = {"listEvents", "listDeliveries", "listRevocations", "listAuditEntries"}
"""Read on from a place that means something by itself, which their ``next`` names."""
WHOLE = {
    "getApplication": "the steps of one application",
    "getCard": "the steps of one card",
    "getPolicyDraft": "levels",
    "getFleetPlan": "one plan",
    "getFleetPlanDraft": "one plan",
    "proveAuditInclusion": "a proof",
    "proveAuditConsistency": "a proof",
    "getOwnStanding": "one caller",
    "readOfficeDay": "a report of one day",
    "readUsage": "a report of so many days",
    "getRevocationReach": "a report of so many days",
}
"""What has a list in it that is one thing."""


class Town:
    """An officer, and offices."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.ana = city.caller("ana", CallerKind.OFFICER)

    def open(self, *codes: str) -> None:
        with transaction(self.city.services.sessions) as session:
            session.add_all(Office(code=code, title=code, created_at=self.city.clock()) for code in codes)

    def get(self, path: str) -> httpx.Response:
        return self.city.http().get(path, headers={"Authorization": f"Bearer {self.ana.access_token()}"})

    def offices(self, path: str) -> tuple[list[str], httpx.Response]:
        answer = self.get(path)
        return [office["code"] for office in answer.json()["offices"]], answer


@pytest.fixture
def town(city: City) -> Town:
    return Town(city)


def test_a_list_is_read_by_following_its_links(town: Town) -> None:
    town.open("e", "b", "d", "a", "c")
    path, seen = "/v1/offices?limit=2", []
    while path:
        codes, answer = town.offices(path)
        seen.append(codes)
        link = answer.links.get("next", {}).get("url")
        assert (answer.json()["next"] is None) == (link is None)
        path = "" if link is None else str(answer.request.url.join(link))
    assert seen == [["a", "b"], ["c", "d"], ["e"]]


def test_or_by_giving_the_cursor(town: Town) -> None:
    town.open("a", "b", "c")
    _, first = town.offices("/v1/offices?limit=1")
    codes, last = town.offices(f"/v1/offices?limit=2&cursor={first.json()['next']}")
    assert (codes, last.json()["next"], last.links) == (["b", "c"], None, {})


def test_what_comes_and_goes_meanwhile_makes_nothing_appear_twice(town: Town) -> None:
    town.open("b", "d", "f")
    codes, first = town.offices("/v1/offices?limit=2")
    town.open("a", "c", "e")
    with transaction(town.city.services.sessions) as session:
        session.query(Office).where(Office.code == "d").delete()
    later, _ = town.offices(f"/v1/offices?limit=10&cursor={first.json()['next']}")
    assert (codes, later) == (["b", "d"], ["e", "f"])


def test_the_newest_come_first_where_that_is_so(counter: Counter) -> None:
    drafts = [counter.ana.create_application(counter.person()).id for _ in range(3)]
    assert [row.id for row in counter.ana.applications()] == drafts
    http, headers = counter.city.http(), {"Authorization": f"Bearer {counter.ana.access_token()}"}
    people = [counter.first() for _ in range(3)]
    for _, card in people:
        counter.ana.hold(card.uuid, "suspicious")
    asked = [
        http.post(
            "/v1/approvals",
            json={"kind": "reinstatement", "subject_id": str(card.uuid), "reason": "found"},
            headers=headers,
        ).json()["id"]
        for _, card in people
    ]
    first = http.get("/v1/approvals?limit=2&state=requested", headers=headers).json()
    second = http.get(f"/v1/approvals?limit=2&state=requested&cursor={first['next']}", headers=headers).json()
    assert [[row["id"] for row in page["approvals"]] for page in (first, second)] == [[asked[2], asked[1]], [asked[0]]]


def test_our_client_reads_on_by_itself(town: Town) -> None:
    codes = [f"office-{number:03}" for number in range(205)]
    town.open(*codes)
    assert [office.code for office in town.ana.offices()] == codes


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "YQ==",
        "YR",
        "A",
        encode_base64url(b"a\0b"),
        encode_base64url(b"\xff"),
        encode_base64url(b"a\nb"),
    ],
)
def test_what_is_no_cursor_is_refused(town: Town, cursor: str) -> None:
    answer = town.get(f"/v1/offices?cursor={cursor}")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:citizen-card:problem:cursor-refused")


@pytest.mark.parametrize("place", ["a", "1_0", " 1", "+1", "9" * 30, "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_nor_is_one_of_another_list(counter: Counter, place: str) -> None:
    citizen_id, _ = counter.first()
    with pytest.raises(ServiceProblem, match="cursor-refused"):
        counter.ana.access_history(citizen_id, encode_base64url(place.encode()))


def lists() -> list[tuple[str, Any, set[str]]]:
    """Every GET with a list in its answer: operation, model, and names of the query's parameters."""
    found = []
    for context in iter_route_contexts(checked_routes()):
        route = context.original_route
        if not isinstance(route, APIRoute) or "GET" not in (context.methods or ()):
            continue
        model = route.response_model
        if isinstance(model, type) and issubclass(model, BaseModel) and _has_list(model):
            parameters = set(_query(route))
            found.append((str(context.operation_id), model, parameters))
    return found


def _has_list(model: type[BaseModel]) -> bool:
    return any(get_origin(field.annotation) is list for field in model.model_fields.values())


def _query(route: APIRoute) -> list[str]:
    inner = [param.alias for dependant in route.dependant.dependencies for param in dependant.query_params]
    return inner + [param.alias for param in route.dependant.query_params]


@pytest.mark.parametrize(("operation", "model", "parameters"), lists(), ids=[name for name, *_ in lists()])
def test_every_list_comes_in_pages(operation: str, model: type[BaseModel], parameters: set[str]) -> None:
    if operation in WHOLE:
        assert "next" not in model.model_fields
    elif operation in FEEDS:
        assert {"limit", "next"} <= {*parameters, *model.model_fields}
        assert parameters & {"after", "start"}
    else:
        assert issubclass(model, Page)
        assert {"limit", "cursor"} <= parameters
