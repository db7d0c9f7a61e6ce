"""What the departments publish: complete, in three languages, and drawable from the manifest alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Manifest
from kiosk.departments.cli import DEPARTMENTS, load
from kiosk.departments.contract.declaration import Department, Service
from kiosk.departments.contract.refusals import Refusal
from kiosk.forms import Form

ALL = [load(code) for code in DEPARTMENTS]
SERVICES = [(department, service) for department in ALL for service in department.services]
LANGUAGES = {language.value for language in Language}


def names(value: object) -> str:
    return value.code if isinstance(value, Department) else value.description.code if isinstance(value, Service) else ""


def all_texts(value: object) -> Iterator[Mapping[str, str]]:
    """Everything that has an English text, however deep."""
    if isinstance(value, Mapping):
        if "en" in value:
            yield value
        for member in value.values():
            yield from all_texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from all_texts(member)


def kinds_of(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    if hasattr(kind, "code"):
        yield kind
    for below in kind.__subclasses__():
        yield from kinds_of(below)


@pytest.mark.parametrize("department", ALL, ids=names)
def test_a_manifest_reads_as_it_was_written(department: Department) -> None:
    assert Manifest.model_validate_json(department.manifest.model_dump_json()) == department.manifest
    assert department.manifest.department == department.code


@pytest.mark.parametrize("department", ALL, ids=names)
def test_every_text_of_a_manifest_is_there_in_three_languages(department: Department) -> None:
    found = list(all_texts(department.manifest.model_dump(mode="json")))

    assert len(found) > 5
    assert all(set(text) == LANGUAGES for text in found)
    assert all(len(set(text.values())) > 1 for text in found)


@pytest.mark.parametrize(("department", "service"), SERVICES, ids=names)
def test_input_schemas_are_json_schemas_that_a_kiosk_can_draw(department: Department, service: Service) -> None:
    schema = service.description.input
    Draft202012Validator.check_schema(schema)
    form = Form.from_schema(schema)

    assert [field.name for field in form.fields] == list(schema["properties"])
    for field in form.fields:
        assert set(field.titles) == set(Language)
        assert all(set(choice.titles) == set(Language) for choice in field.choices)


@pytest.mark.parametrize(("department", "service"), SERVICES, ids=names)
def test_examples_of_a_schema_are_valid(department: Department, service: Service) -> None:
    for name, part in service.description.input.get("properties", {}).items():
        for example in part.get("examples", ()):
            Draft202012Validator(part).validate(example)
            assert name


@pytest.mark.parametrize(("department", "service"), SERVICES, ids=names)
def test_what_is_asked_of_citizens_comes_with_a_purpose(department: Department, service: Service) -> None:
    wanted = (*service.description.attributes, *service.description.questions)
    assert bool(wanted) == (service.description.purposes is not None)


def test_a_found_card_never_tells_a_name() -> None:
    telling = {"name", "name_latin", "birth_date", "document_number"}
    for _, service in SERVICES:
        if service.description.level is Level.TAP:
            assert not telling & set(service.description.attributes)


@pytest.mark.parametrize("kind", list(kinds_of(Refusal)), ids=lambda kind: kind.code)
def test_every_refusal_has_its_sentence_in_three_languages(kind: type[Refusal]) -> None:
    assert {language.value for language in kind.message} == LANGUAGES
    assert all(sentence.strip() for sentence in kind.message.values())


def test_refusals_do_not_share_a_code() -> None:
    codes = [kind.code for kind in kinds_of(Refusal)]
    assert len(codes) == len(set(codes))


def test_the_codes_of_departments_are_their_own() -> None:
    assert {code: load(code).code for code in DEPARTMENTS} == {code: code for code in DEPARTMENTS}
    prefixes: list[Any] = [department.receipt_prefix for department in ALL]
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize("department", ALL, ids=names)
def test_citizens_can_ask_everywhere_how_it_stands_and_take_it_back(department: Department) -> None:
    assert (department.manifest.matters, department.manifest.news) == ("my-cases", "news")
    assert department.service("take-back") is not None
