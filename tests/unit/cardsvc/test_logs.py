"""Logs are one JSON object a line, and what is secret is not in them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from cardsvc import logs
from cardsvc.wire.lifecycle import Person

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Lines:
    stream = io.StringIO()
    logs.configure(stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_what_when_and_in_which_request(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("something", count=3)

    (line,) = lines()
    assert (line["event"], line["level"], line["count"], line["request_id"]) == ("something", "info", 3, "r-1")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "name",
    [
        "pin",
        "new_pin",
        "PUK",
        "visit_token",
        "access-token",
        "Authorization",
        "client_assertion",
        "name",
        "birth_date",
        "document_number",
        "passphrase",
        "apdu",
        "private_key",
    ],
)
def test_a_secret_is_blanked_by_its_name_at_any_depth(lines: Lines, name: str) -> None:
    structlog.get_logger().info("x", **{name: "246802"}, inside={"deeper": [{name: "246802"}]})

    (line,) = lines()
    assert "246802" not in json.dumps(line)
    assert line[name] == line["inside"]["deeper"][0][name] == "[redacted]"


@pytest.mark.parametrize("name", ["pinned", "tokens_left", "names", "monkey", "keyboard", "spin"])
def test_words_that_only_look_alike_are_left(lines: Lines, name: str) -> None:
    structlog.get_logger().info("x", **{name: "fine"})

    assert lines()[0][name] == "fine"


@pytest.mark.parametrize(
    "value",
    [
        b"\x00\x20\x00\x80\x08246802",
        bytearray(b"246802"),
        SecretStr("246802"),
        Person(name="246802", birth_date=date(2000, 1, 1), document_number="246802", district="x"),
    ],
)
def test_bytes_and_messages_are_never_written(lines: Lines, value: object) -> None:
    structlog.get_logger().info("x", harmless=value, many=[value], inside={"a": (value,)})

    assert "246802" not in json.dumps(lines())


def fail_with(secret: str) -> None:
    raise LookupError("what went wrong") if secret else AssertionError


def test_an_exception_is_written_without_the_values_around_it(lines: Lines) -> None:
    try:
        fail_with("2468" + "02")
    except LookupError:
        structlog.get_logger().exception("fault")

    (line,) = lines()
    assert "what went wrong" in line["exception"]
    assert "fail_with" in line["exception"]
    assert "246802" not in json.dumps(line)


@pytest.mark.parametrize("text", ["line\nbreak", "澳門", "half a character \ud83d", "\u2028", '"'])
def test_any_text_is_one_line_and_comes_back_as_it_was(lines: Lines, text: str) -> None:
    structlog.get_logger().info(text)

    assert [line["event"] for line in lines()] == [text]
