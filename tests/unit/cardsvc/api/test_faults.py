"""What is wrong with a request is said in words: which member, why, what to do, and never what was in it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

from cardsvc import wire
from cardsvc.api.faults import BY_KIND, BY_PATTERN, BY_RULE, DETAIL, OTHERWISE, UNREADABLE, fault
from cardsvc.app import describe_api
from cardsvc.wire import people
from cardsvc.wire.authentication import ChallengeRequest
from cardsvc.wire.departments import StandingQuestion
from cardsvc.wire.fleet import FleetPlanTerms
from cardsvc.wire.investigations import InvestigationRequest
from cardsvc.wire.lifecycle import ApplicationRequest
from cardsvc.wire.officers import OfficeRequest
from tests.fixtures.proofs import BASE_URL, City

NAME: Final = "Bond, James"
NUMBER: Final = 98765432123
CITIZEN: Final = "019ac9a4-3d10-7c55-8b1e-0f6a2d4c9e71"
DOCUMENT: Final = describe_api(BASE_URL)

TABLE: Final[tuple[tuple[type[BaseModel], Any, str, str, str], ...]] = (
    (OfficeRequest, {"code": "taipa"}, "/title", "missing", "It is missing: put it in."),
    (
        OfficeRequest,
        {"code": "taipa", "title": "Taipa", "tilte": NAME},
        "/tilte",
        "extra_forbidden",
        "Nothing of this name is taken here: leave it out, or look at its spelling.",
    ),
    (OfficeRequest, {"code": 7, "title": "Taipa"}, "/code", "string_type", "Write a text (a JSON string)."),
    (
        OfficeRequest,
        {"code": "t" * 65, "title": "Taipa"},
        "/code",
        "string_too_long",
        "It is too long: write at most 64 characters.",
    ),
    (
        OfficeRequest,
        {"code": NAME, "title": "Taipa"},
        "/code",
        "string_pattern_mismatch",
        "It has another form: write what this regular expression fits, ^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    ),
    (
        ChallengeRequest,
        {"level": NAME},
        "/level",
        "enum",
        "It is none of the values that there are: take 'tap', 'pin' or 'sign'.",
    ),
    (ChallengeRequest, {"level": "tap", "count": 99}, "/count", "less_than_equal", "It is too large: take 16 or less."),
    (
        ChallengeRequest,
        {"level": "tap", "count": NAME},
        "/count",
        "int_type",
        "Write a whole number, without quotes in JSON.",
    ),
    (
        ChallengeRequest,
        {"level": "tap", "transaction_hash": f"{NAME}="},
        "/transaction_hash",
        "value_error",
        "Write base64url without padding (RFC 7515 §2), with no bits left over.",
    ),
    (
        people.Occasion,
        {"purpose": "enrolment", "reference": ["a"]},
        "/reference",
        "string_type",
        "Write a text (a JSON string).",
    ),
    (
        ApplicationRequest,
        {"citizen_id": NAME},
        "/citizen_id",
        "uuid_parsing",
        "Write a UUID, as in 019ac9a4-3d10-7c55-8b1e-0f6a2d4c9e71.",
    ),
    (
        ApplicationRequest,
        {},
        "",
        "value_error",
        "Give `person` or `citizen_id`: one of them, not both.",
    ),
    (
        ApplicationRequest,
        NAME,
        "",
        "model_type",
        "Write a JSON object, and say so: Content-Type: application/json.",
    ),
    (
        InvestigationRequest,
        {"citizen_id": CITIZEN, "reference": "CR-2026-118", "release_on": NAME},
        "/release_on",
        "value_error",
        "Write a day that there is, as in 2026-11-27.",
    ),
    (
        InvestigationRequest,
        {"citizen_id": CITIZEN, "reference": "CR-2026-118", "release_on": "2026-02-30"},
        "/release_on",
        "date_from_datetime_parsing",
        "Write a day that there is, as in 2026-11-27.",
    ),
    (
        FleetPlanTerms,
        {"departments": [{"code": "health", "base_url": f"https://{host}.example"} for host in ("a", "b")]},
        "/departments",
        "value_error",
        "A department is named twice: name every department once.",
    ),
    (
        FleetPlanTerms,
        {"departments": [{"code": code, "base_url": "https://a.example"} for code in ("health", "housing")]},
        "/departments",
        "value_error",
        "Two departments have the same `base_url`: give each its own.",
    ),
    (
        StandingQuestion,
        {"pseudonyms": [], "purpose": "benefit-review"},
        "/pseudonyms",
        "too_short",
        "There are too few: give at least 1.",
    ),
    (
        StandingQuestion,
        {"pseudonyms": "k" * 43, "purpose": "benefit-review"},
        "/pseudonyms",
        "list_type",
        "Write a JSON array.",
    ),
    (
        StandingQuestion,
        {"pseudonyms": ["k" * 43, "k" * 43], "purpose": "benefit-review"},
        "/pseudonyms",
        "value_error",
        "Somebody is asked about twice: ask about everybody once.",
    ),
)
"""A request, the member that is wrong, the reason for programs, and the words."""


def faults_of(kind: type[BaseModel], document: Any) -> list[dict[str, str]]:
    """What is said of a body that FastAPI has parsed."""
    try:
        kind.model_validate(document)
    except ValidationError as refused:
        return [fault({**error, "loc": ("body", *error["loc"])}) for error in refused.errors()]
    return []


@pytest.mark.parametrize(
    ("kind", "document", "pointer", "reason", "words"),
    TABLE,
    ids=[f"{row[0].__name__}{row[2]}-{row[3]}" for row in TABLE],
)
def test_each_says_where_why_and_what_to_do(
    kind: type[BaseModel], document: Any, pointer: str, reason: str, words: str
) -> None:
    assert faults_of(kind, document) == [{"in": "body", "pointer": pointer, "reason": reason, "detail": words}]
    assert NAME not in words


def requests() -> Iterator[type[BaseModel]]:
    """What the operations take as JSON."""
    found = {
        name: value
        for module in pkgutil.walk_packages(wire.__path__, "cardsvc.wire.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.name
    }
    for body in bodies():
        yield found[body["schema"]["$ref"].rpartition("/")[2]]


def bodies() -> Iterator[dict[str, Any]]:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "$ref" in body.get("schema", {}):
                yield body


def spoilt(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Values that are mostly wrong, and each place of the example where they could stand."""
    for wrong in (NAME, NUMBER, [NAME], {NAME: NAME}, None, f"{NAME}\0", NAME * 9000, "2026-13-45", [NUMBER] * 3000):
        yield wrong, place
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for key, value in inner:
        yield from spoilt(value, (*place, key))


def changed(document: Any, wrong: Any, place: tuple[Any, ...]) -> Any:
    if not place:
        return wrong
    copied = deepcopy(document)
    holder = copied
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = wrong
    return copied


def test_whatever_is_wrong_there_are_words_for_it_and_they_quote_nothing() -> None:
    """Each value of each example, replaced by values that are mostly wrong."""
    seen: set[str] = set()
    for kind, body in zip(requests(), bodies(), strict=True):
        for wrong, place in spoilt(body["example"]):
            for told in faults_of(kind, changed(body["example"], wrong, place)):
                seen.add(told["reason"])
                assert told["detail"] != OTHERWISE, (kind, place, told)
                assert NAME not in told["detail"], (kind, place, told)
                assert str(NUMBER) not in told["detail"], (kind, place, told)
    assert {"enum", "extra_forbidden", "string_pattern_mismatch", "uuid_parsing", "value_error"} <= seen
    assert seen - {"value_error"} <= set(BY_KIND)


def test_a_rule_that_is_not_known_is_not_quoted() -> None:
    error = {"type": "value_error", "loc": ("body", "name"), "ctx": {"error": ValueError(f"no such name: {NAME}")}}
    assert fault(error)["detail"] == OTHERWISE
    assert fault({"type": "new_kind", "loc": ("query", "a/b"), "msg": NAME, "input": NAME}) == {
        "in": "query",
        "pointer": "/a~1b",
        "reason": "new_kind",
        "detail": OTHERWISE,
    }


def test_every_rule_is_one_of_ours() -> None:
    """What the validators of `cardsvc.wire` say: a text that is changed there has its words here."""
    said = {
        str(node.exc.args[0].value)
        for path in Path(wire.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id == "ValueError"
        and isinstance(node.exc.args[0], ast.Constant)
    }
    assert set(BY_RULE) <= said


@pytest.mark.parametrize(
    "words", [*BY_KIND.values(), *BY_PATTERN.values(), *BY_RULE.values(), OTHERWISE, UNREADABLE, DETAIL]
)
def test_words_are_sentences(words: str) -> None:
    assert words[0].isupper()
    assert words.endswith((".", "{pattern}"))


def test_over_http_the_problem_says_that_nothing_was_done(sqlite_city: City) -> None:
    sqlite_city.caller("kiosk-1")
    headers = {"Authorization": f"Bearer {sqlite_city.client('kiosk-1').access_token()}"}
    http = sqlite_city.http()

    told = http.post("/v1/challenges", json={"level": NAME}, headers=headers).json()
    assert told["detail"] == DETAIL
    assert told["errors"] == faults_of(ChallengeRequest, {"level": NAME})
    no_json = http.post("/v1/challenges", content=b"{", headers=headers | {"Content-Type": "application/json"}).json()
    assert [error["detail"] for error in no_json["errors"]] == [BY_KIND["json_invalid"]]
