"""What looks for leaks can find them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.fixtures.leaks import Leak, leaks

KEY = bytes.fromhex("00ff17deadbeef88a1b2c3d4e5f60718")
PIN = "271828"
NAME = "陈嘉欣"
AROUND = b"\x00\x2c\x00\x80\x10"


def forms_of(secret: bytes) -> list[str]:
    apdus = [AROUND[:size] + secret + b"\xff\xff" for size in range(6)]
    return [
        secret.hex(),
        secret.hex().upper(),
        secret.hex(" "),
        str(list(secret)),
        ",".join(map(str, secret)),
        repr(secret),
        str(int.from_bytes(secret, "big")),
        *(base64.b64encode(apdu).decode() for apdu in apdus),
        *(base64.urlsafe_b64encode(apdu).decode() for apdu in apdus),
        *(repr(apdu) for apdu in apdus),
        *(apdu.hex() for apdu in apdus),
    ]


@pytest.mark.parametrize("text", forms_of(KEY))
def test_a_key_in_any_form(text: str) -> None:
    assert leaks({"log": f"before {text} after"}, {"key": KEY}, {}) == {Leak("key", "log")}


@pytest.mark.parametrize("text", [PIN, f'{{"pin":"{PIN}"}}', f"pin={PIN}&", *forms_of(PIN.encode())])
def test_a_pin_in_any_form(text: str) -> None:
    assert leaks({"log": f"before {text} after"}, {}, {"PIN": PIN}) == {Leak("PIN", "log")}


@pytest.mark.parametrize("text", [NAME, json.dumps(NAME), quote(NAME), repr(NAME.encode())])
def test_a_name_in_any_form(text: str) -> None:
    assert leaks({"log": text}, {}, {"name": NAME}) == {Leak("name", "log")}


def test_a_token() -> None:
    assert leaks({"log": "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"}, {}, {})


@pytest.mark.parametrize("text", ["2026-11-22T22:00:00.271828Z", "0271828f-0000", "1271828", "1.271828 s"])
def test_numbers_of_other_things(text: str) -> None:
    assert not leaks({"log": text}, {}, {"PIN": PIN})
