"""Signatures of webhooks, against the specification's example, its reference library and openssl."""

from __future__ import annotations

import base64
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from cardsvc.wire.standard_webhooks import is_signed, read_secret, sign, sign_all, write_secret

# The example of https://github.com/standard-webhooks/standard-webhooks, in the tests of each of its libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

secrets = st.binary(min_size=24, max_size=64)
ids = st.uuids().map(str)
times = st.integers(min_value=0, max_value=4_000_000_000)
bodies = st.text().map(str.encode)


def test_the_example_of_the_specification() -> None:
    assert sign(read_secret(SECRET), MESSAGE_ID, TIMESTAMP, BODY) == SIGNATURE
    assert is_signed(read_secret(SECRET), MESSAGE_ID, TIMESTAMP, BODY, SIGNATURE)


@pytest.mark.needs("openssl")
def test_openssl_makes_the_same_signature() -> None:
    secret = bytes(range(32))
    command = ("openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{secret.hex()}", "-binary")
    made = subprocess.run(command, input=b"id.17." + BODY, capture_output=True, check=True).stdout
    assert sign(secret, "id", 17, BODY) == "v1," + base64.b64encode(made).decode()


@given(secrets, ids, times, bodies)
def test_the_reference_library_makes_the_same_signature(secret: bytes, message: str, at: int, body: bytes) -> None:
    theirs = Webhook(write_secret(secret)).sign(message, datetime.fromtimestamp(at, UTC), body.decode())
    assert sign(secret, message, at, body) == theirs


@given(secrets, secrets, ids, times, bodies)
def test_one_good_signature_of_several_is_enough(one: bytes, other: bytes, message: str, at: int, body: bytes) -> None:
    header = "v1a,c29tZXRoaW5n " + sign_all([one, other], message, at, body)
    assert is_signed(one, message, at, body, header)
    assert is_signed(other, message, at, body, header)


@given(secrets, ids, times, bodies, st.data())
def test_whatever_is_changed_is_not_signed(
    secret: bytes, message: str, at: int, body: bytes, data: st.DataObject
) -> None:
    header = sign(secret, message, at, body)
    other = data.draw(secrets.filter(lambda drawn: drawn.rstrip(b"\0") != secret.rstrip(b"\0")))
    assert not is_signed(other, message, at, body, header)
    assert not is_signed(secret, message + "0", at, body, header)
    assert not is_signed(secret, message, at + 1, body, header)
    assert not is_signed(secret, message, at, body + b" ", header)


@pytest.mark.parametrize("header", ["", "v1", "v1,", "v1,?", "v2" + SIGNATURE[2:], SIGNATURE[:-4], SIGNATURE[3:]])
def test_what_is_no_signature_signs_nothing(header: str) -> None:
    assert not is_signed(read_secret(SECRET), MESSAGE_ID, TIMESTAMP, BODY, header)


@given(secrets)
def test_a_secret_is_read_as_it_was_written(secret: bytes) -> None:
    assert read_secret(write_secret(secret)) == secret


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_????", "whsec_" + "QUFB" * 7, "whsec_" + "QUFB" * 22])
def test_a_secret_that_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        read_secret(text)
    assert "QUFB" not in str(caught.value)
