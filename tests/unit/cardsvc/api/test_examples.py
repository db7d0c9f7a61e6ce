"""Every operation has examples, and they are right."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from hashlib import sha256
from io import BytesIO
from json import dumps, loads
from typing import Any, Final
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import ocsp
from joserfc import jws
from joserfc.jwk import ECKey
from jsonschema_rs import Draft202012Validator
from PIL import Image
from pydantic import BaseModel

from cardsvc import wire
from cardsvc.api.examples.bodies import ANSWERS, FILES, PARAMETERS, REQUESTS
from cardsvc.api.examples.filling import Examples, NoExample
from cardsvc.api.examples.models import LEFT_OUT, MEMBERS
from cardsvc.api.examples.words import JWS, WORDS
from cardsvc.api.problems import problem_of
from cardsvc.app import describe_api
from cardsvc.audit.leaf import leaf_of, row_of
from cardsvc.authentication.errors import CardNotActive
from cardsvc.citizens.deeds import EVENTS
from cardsvc.losses.numbers import is_number
from cardsvc.sealed.content import Content
from cardsvc.wire.base import decode_base64url
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.notes import Checkpoint, NoteKey
from cardsvc.wire.problems import Problem
from cardsvc.wire.sealed import Opening
from tests.fixtures.proofs import BASE_URL

DOCUMENT: Final = describe_api(BASE_URL)
OPERATIONS: Final = {one["operationId"]: one for methods in DOCUMENT["paths"].values() for one in methods.values()}
READERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    "application/pkix-cert": x509.load_der_x509_certificate,
    "application/pkix-crl": x509.load_der_x509_crl,
    "application/ocsp-request": ocsp.load_der_ocsp_request,
    "application/ocsp-response": ocsp.load_der_ocsp_response,
    "application/pdf": lambda raw: raw.index(b"%PDF-"),
    "image/jpeg": lambda raw: Image.open(BytesIO(raw), formats=["JPEG"]).load(),
    "image/png": lambda raw: Image.open(BytesIO(raw), formats=["PNG"]).load(),
}
"""Programs that we did not write read each kind of file."""


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an operation takes, and what it answers when it does it, each with its media type."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            yield from response.get("content", {}).items()


def problems_of(operation: dict[str, Any]) -> list[str]:
    """What is wrong with the examples of an operation."""
    return [fault for kind, body in bodies(operation) for fault in faults(kind, body)]


def faults(kind: str, body: dict[str, Any]) -> Iterator[str]:
    if "example" in body:
        yield from (f"{kind}: {error.message}" for error in validator(body["schema"]).iter_errors(body["example"]))
    elif not body.get("examples"):
        yield f"{kind}: there is no example"
    for one in body.get("examples", {}).values():
        with urlopen(one["externalValue"]) as file:  # noqa: S310 (`data:`, which the example itself holds)
            assert file.headers["Content-Type"] == kind
            READERS[kind](file.read())


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_examples_that_fit(name: str) -> None:
    assert problems_of(OPERATIONS[name]) == []


def test_an_example_that_is_missing_or_wrong_is_found() -> None:
    operation = deepcopy(OPERATIONS["getCard"])
    body = operation["responses"]["200"]["content"]["application/json"]

    body["example"]["uuid"] = "no UUID"
    assert len(problems_of(operation)) == 1
    del body["example"]
    assert problems_of(operation) == ["application/json: there is no example"]


def test_every_operation_that_answers_with_something_says_of_what_kind() -> None:
    silent = {
        name
        for name, operation in OPERATIONS.items()
        if not any("content" in response for status, response in operation["responses"].items() if status < "3")
    }

    assert silent == {"keepVisit", "endVisit"}  # 204


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_examples_of_parameters_fit(parameter: str) -> None:
    operation, _, name = parameter.partition(".")

    (found,) = [one for one in OPERATIONS[operation]["parameters"] if one["name"] == name]
    validator(found["schema"]).validate(found["example"])


@cache
def models() -> dict[str, list[type[BaseModel]]]:
    """What is in `cardsvc.wire`, by name."""
    found: dict[str, list[type[BaseModel]]] = {}
    for module in pkgutil.walk_packages(wire.__path__, "cardsvc.wire."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.name:
                found.setdefault(name, []).append(value)
    return found


def test_the_models_take_the_examples_too() -> None:
    """They know more than a schema can say."""
    schemas, taken = DOCUMENT["components"]["schemas"], 0
    for name, kinds in models().items():
        members = set(schemas.get(name, {}).get("properties", ()))
        for kind in kinds:
            if members and members == set(kind.model_fields) and kind is not Problem:
                kind.model_validate_json(dumps(Examples(schemas).of(schemas[name], name)))
                taken += 1
    assert taken > 100


def test_a_member_that_nobody_spoke_of_is_named() -> None:
    examples = Examples({"Card": {"properties": {"colour": {"type": "string"}}}})

    with pytest.raises(NoExample, match="colour of Card"):
        examples.of({"$ref": "#/components/schemas/Card"}, "")


def test_nothing_is_told_of_members_that_are_gone() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    members = {f"{name}.{one}" for name, schema in schemas.items() for one in schema.get("properties", ())}
    asked = {one.partition(".")[2] for one in members}

    assert set(MEMBERS) <= members
    assert {f"{name}.{one}" for name, left in LEFT_OUT.items() for one in left} <= members
    assert set(WORDS) <= asked
    assert {*REQUESTS, *ANSWERS} <= set(OPERATIONS)
    kinds = {kind for operation in OPERATIONS.values() for kind, _ in bodies(operation)}
    assert set(FILES) == set(READERS)
    assert set(FILES) <= kinds


def test_the_refusal_that_is_shown_is_one() -> None:
    (shown,) = DOCUMENT["components"]["schemas"]["Problem"]["examples"]

    validator({"$ref": "#/components/schemas/Problem"}).validate(shown)
    response = problem_of(CardNotActive(CardState.HELD))
    assert loads(bytes(response.body)) == {name: value for name, value in shown.items() if name != "instance"}


def test_what_is_shown_could_be_so() -> None:
    assert is_number(MEMBERS["LossReport.number"])
    opening = {name: MEMBERS[f"Opening.{name}"] for name in ("commitment", "content", "salt")}
    assert Opening(day="2026-11-27", **opening).verify()["event"] == "investigation.open"
    assert bytes(Content.from_bytes(opening["content"].encode())) == opening["content"].encode()
    for entry in (*MEMBERS["LogEntries.entries"], MEMBERS["Receipt.entry"]):
        assert leaf_of(row_of(entry.encode())) == entry.encode()
    assert MEMBERS["AccessEntry.event"] in EVENTS
    checkpoint = Checkpoint.open(ANSWERS["getAuditCheckpoint"], NoteKey.parse(ANSWERS["getAuditKey"].strip()))
    assert (checkpoint.size, checkpoint.root) == (0, sha256(b"").digest())  # RFC 9162 §2.1.1
    key = ECKey.import_key(WORDS["public_jwk"])
    assert jws.deserialize_compact(JWS, key).headers() == {"alg": "ES256"}
    signature = decode_base64url(WORDS["signature"])
    assert len(decode_dss_signature(signature)) == 2
