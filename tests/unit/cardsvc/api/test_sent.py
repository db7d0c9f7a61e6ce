"""The OpenAPI document tells what the service sends by itself, with examples that are right."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from standardwebhooks import Webhook, WebhookVerificationError

from cardsvc.api.examples.words import WORDS
from cardsvc.api.sent import written
from cardsvc.app import describe_api
from cardsvc.webhooks.messages import pack
from cardsvc.webhooks.models import DepartmentEvent as Row
from cardsvc.wire import standard_webhooks as signing
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.webhooks import DepartmentEvent, EventType
from tests.fixtures.proofs import BASE_URL

DOCUMENT: Final = describe_api(BASE_URL)
NOW: Final = datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC)
SECRETS: Final = (bytes(range(32)), bytes(range(1, 33)))


def sent(kind: EventType) -> dict[str, Any]:
    operation: dict[str, Any] = DOCUMENT["webhooks"][kind.value]["post"]
    return operation


def body_of(kind: EventType) -> dict[str, Any]:
    body: dict[str, Any] = sent(kind)["requestBody"]["content"]["application/json"]
    return body


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


def parcel_of(kind: EventType) -> tuple[dict[str, Any], bytes]:
    """What the service sends: its headers and its body."""
    row = Row(id=UUID(int=7), number=42, type=kind, occurred_at=NOW, pseudonym="k" * 43, standing=CardStanding.NONE)
    parcel = pack(row, "https://events.example/", SECRETS, NOW)
    return dict(parcel.headers), parcel.body


def test_there_is_one_for_each_event() -> None:
    assert set(DOCUMENT["webhooks"]) == {kind.value for kind in EventType}
    assert all(set(methods) == {"post"} for methods in DOCUMENT["webhooks"].values())


def test_they_are_as_openapi_3_1_says() -> None:
    """The validator looks at the paths only: there the operations of webhooks are right, too."""
    names = [operation["post"]["operationId"] for operation in DOCUMENT["webhooks"].values()]
    paths = {f"/{name}": operation for name, operation in DOCUMENT["webhooks"].items()}
    shown = DOCUMENT | {"paths": paths}

    OpenAPIV31SpecValidator(shown).validate()
    assert len(set(names)) == len(names)
    wrong = deepcopy(paths)
    del wrong["/card.held"]["post"]["responses"]["410"]["description"]
    assert list(OpenAPIV31SpecValidator(DOCUMENT | {"paths": wrong}).iter_errors())


@pytest.mark.parametrize("kind", EventType)
def test_the_example_fits_and_is_of_its_kind(kind: EventType) -> None:
    body = body_of(kind)
    others = [other for other in EventType if other is not kind]

    validator(body["schema"]).validate(body["example"])
    assert DepartmentEvent.model_validate_json(dumps(body["example"])).type is kind
    assert not any(validator(body["schema"]).is_valid(body_of(other)["example"]) for other in others)
    for header in sent(kind)["parameters"]:
        validator(header["schema"]).validate(header["example"])


@pytest.mark.parametrize("kind", EventType)
def test_the_example_is_signed_under_the_secret_that_is_shown(kind: EventType) -> None:
    """As the library of Standard Webhooks says, which we did not write."""
    headers = {header["name"]: str(header["example"]) for header in sent(kind)["parameters"]}
    then = datetime.fromtimestamp(int(headers[signing.TIMESTAMP_HEADER]), UTC)
    with patch("standardwebhooks.webhooks.datetime", wraps=datetime) as clock:
        clock.now.side_effect = (then + timedelta(minutes=4)).astimezone
        example = body_of(kind)["example"]
        Webhook(WORDS["secret"]).verify(written(example), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(WORDS["secret"]).verify(written(example | {"number": 0}), headers)


@pytest.mark.parametrize("kind", EventType)
def test_what_is_sent_is_as_the_document_says(kind: EventType) -> None:
    headers, body = parcel_of(kind)

    Draft202012Validator({**body_of(kind)["schema"], "components": DOCUMENT["components"]}).validate(loads(body))
    told = {header["name"]: header["schema"] for header in sent(kind)["parameters"]}
    assert set(headers) == {*told, "Content-Type", "User-Agent"}
    assert " " in headers[signing.SIGNATURE_HEADER]
    for name, schema in told.items():
        value = headers[name]
        validator(schema).validate(int(value) if schema["type"] == "integer" else value)


def test_examples_are_written_as_the_service_writes() -> None:
    _, body = parcel_of(EventType.CARD_HELD)
    assert written(loads(body)) == body
