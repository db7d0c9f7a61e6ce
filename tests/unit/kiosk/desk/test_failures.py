"""Every error that the service or a card can give has its three lines, in every language of the city."""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

import kiosk.desk
from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.client.errors import ClientError
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.manifest import Language
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, Problem
from kiosk.desk.failure_table import BY_CLASS, BY_CODE, SAYINGS, UNFORESEEN, UNKNOWN_REFUSAL
from kiosk.desk.failures import Saying, name_of, saying
from kiosk.desk.relay import RelayRefused
from kiosk.desk.words import words_in
from readers.errors import CardBusy, CardRemoved, ReaderError, WrongPin
from readers.status import StatusWord
from tests.pages.problems import statuses

ENGLISH = words_in(Language.ENGLISH)
LANGUAGES = pytest.mark.parametrize("language", list(Language))


def problem(code: str, status: int = 409, **data: object) -> ServiceProblem:
    return ServiceProblem(
        Problem.model_validate(
            {"type": PROBLEM_TYPE_PREFIX + code, "title": "T", "status": status, "detail": "The detail.", **data}
        )
    )


def tree(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for kind in base.__subclasses__():
        yield from tree(kind)


def errors_of_the_desk() -> set[type[Exception]]:
    """What its own steps raise."""
    found = set()
    for module in pkgutil.walk_packages(kiosk.desk.__path__, "kiosk.desk."):
        if ".windows" not in module.name:
            found |= {
                kind
                for kind in vars(importlib.import_module(module.name)).values()
                if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == module.name
            }
    return found


def test_every_code_of_the_service_has_a_saying_and_no_other() -> None:
    assert set(BY_CODE) - {"relay-denied"} == set(statuses()), "a row in kiosk/desk/failure_table.py for each code"


@pytest.mark.parametrize("base", [ReaderError, ClientError])
def test_every_error_of_readers_and_of_the_client_has_a_saying(base: type[Exception]) -> None:
    ours = {kind for kind in tree(base) if kind.__module__.startswith(("readers.", "cardsvc."))}
    assert ours, "the tree was found"
    bare = {kind for kind in ours if not any(each in BY_CLASS for each in kind.__mro__)}
    assert bare == set()
    if base is ReaderError:
        assert {kind for kind in ours if kind.__module__ == base.__module__} <= set(BY_CLASS)


def test_every_error_of_the_desks_own_steps_has_a_saying() -> None:
    bare = {kind for kind in errors_of_the_desk() if not any(each in BY_CLASS for each in kind.__mro__)}
    assert bare == set(), "a row in BY_CLASS of kiosk/desk/failure_table.py for each"


def test_no_line_is_left_over_or_missing() -> None:
    lines = ENGLISH["failures"]
    assert set(lines["happened"]) == set(SAYINGS)
    assert set(lines["safe"]) == {each.safe for each in SAYINGS.values()}
    assert set(lines["next"]) == {each.next for each in SAYINGS.values()}
    said = {*BY_CODE.values(), *BY_CLASS.values(), UNFORESEEN}
    assert said == set(SAYINGS)


@LANGUAGES
def test_languages_fill_in_the_same(language: Language) -> None:
    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in string.Formatter().parse(text)} - {None}

    words = words_in(language)["failures"]
    for name, text in ENGLISH["failures"]["happened"].items():
        assert fields(words["happened"][name]) == fields(text), name
    for group in ("safe", "next"):
        assert not [text for text in words[group].values() if fields(text)]


def test_states_have_words() -> None:
    assert {*CardState, *ApplicationState} <= set(ENGLISH["failures"]["states"])


@pytest.mark.parametrize("code", ["card-not-active", "not-a-draft", "transition-refused", "not-begun"])
def test_what_is_not_told_is_not_made_up(code: str) -> None:
    assert saying(problem(code), ENGLISH).happened.endswith(": ….")


def test_data_is_filled_in() -> None:
    tries = saying(WrongPin(StatusWord(0x63C2), "VERIFY", 2), ENGLISH)
    assert tries == Saying(
        "The PIN was wrong. Tries left: 2.",
        "The card's keys and what is stored on it are safe.",
        "Enter the PIN again, slowly. After the last try the card is blocked.",
    )
    held = saying(problem("card-not-active", state="held"), words_in(Language.PORTUGUESE))
    assert held.happened == "O cartão não está em vigor. Estado: suspenso."
    assert "pcscd (12)" in saying(CardBusy("busy", ("pcscd (12)",)), ENGLISH).happened
    assert saying(problem("renewal-too-early", opens_on="2027-01-31"), ENGLISH).happened.endswith("from 2027-01-31.")


@pytest.mark.parametrize("language", [Language.CHINESE, Language.PORTUGUESE])
def test_the_services_english_is_shown_to_those_who_read_it(language: Language) -> None:
    error = problem("card-over", instance="urn:uuid:1")
    assert saying(error, ENGLISH).small_print == "card-over · The detail. · urn:uuid:1"
    assert saying(error, words_in(language)).small_print == "card-over · urn:uuid:1"
    assert saying(RelayRefused("card-over", "The detail."), words_in(language)).small_print == "card-over"


def test_a_relays_refusal_says_what_the_same_code_says_elsewhere() -> None:
    assert name_of(RelayRefused("card-failed", "")) == name_of(problem("card-failed")) == "card-failed"


def test_what_the_service_has_learnt_since_is_said_and_logged() -> None:
    with capture_logs() as logged:
        said = saying(problem("new-in-2031"), ENGLISH)
    assert name_of(problem("new-in-2031")) == UNKNOWN_REFUSAL
    assert "new-in-2031" in said.small_print
    assert [line["code"] for line in logged] == ["new-in-2031"]


def test_what_nobody_foresaw_is_said_and_logged() -> None:
    with capture_logs() as logged:
        said = saying(KeyError("x"), ENGLISH)
    assert said.happened == "Something went wrong that nobody foresaw."
    assert said.small_print == "KeyError"
    assert [line["kind"] for line in logged] == ["KeyError"]


def test_errors_that_descend_from_a_known_one_are_told_as_it_is() -> None:
    class Worse(CardRemoved):
        pass

    assert name_of(Worse()) == "card-removed"
    assert name_of(ServiceUnreachable("x")) == "unreachable"
    assert name_of(PermissionError()) == "folder-failed"
