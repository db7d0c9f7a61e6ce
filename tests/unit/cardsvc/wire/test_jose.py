"""JSON Web Tokens: what is read, and all that is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from cardsvc.wire import jose

# RFC 7515 appendix A.3: a JWS with ES256, and the key that made it
RFC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC_PRIVATE_KEY = RFC_KEY | {"d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}
RFC_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
# printf '{"crv":"P-256","kty":"EC","x":"…","y":"…"}' | openssl dgst -sha256 -binary | base64 (RFC 7638 §3)
RFC_THUMBPRINT = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

KEY = ECKey.generate_key("P-256")
PUBLIC = jose.public_key(KEY.as_dict(private=False))
TYP = "test+jwt"


def encode(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def with_header(header: dict[str, Any], token: str) -> str:
    return ".".join((encode(header), *token.split(".")[1:]))


def signed(header: dict[str, Any], key: Any = KEY) -> str:
    return jwt.encode({"alg": "ES256", **header}, {"sub": "x"}, key, algorithms=["ES256", "HS256"], default_type=None)


def test_a_token_of_the_rfc_is_read() -> None:
    claims = jose.parse(RFC_TOKEN).verify(jose.public_key(RFC_KEY), typ=None)

    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


def test_a_key_is_named_by_its_thumbprint() -> None:
    assert jose.public_key(RFC_KEY).thumbprint() == RFC_THUMBPRINT


def test_a_token_changed_anywhere_is_refused() -> None:
    for position in range(len(RFC_TOKEN)):
        if RFC_TOKEN[position] == ".":
            continue
        changed = RFC_TOKEN[:position] + ("A" if RFC_TOKEN[position] != "A" else "B") + RFC_TOKEN[position + 1 :]
        if position == len(RFC_TOKEN) - 1:
            continue  # the last character has bits that base64 does not use
        with pytest.raises(jose.JwtRefused):
            jose.parse(changed).verify(jose.public_key(RFC_KEY), typ=None)


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text()))))
def test_what_is_signed_is_read(claims: dict[str, Any]) -> None:
    token = jose.parse(jose.sign(claims, KEY, typ=TYP))

    assert token.key_id == KEY.thumbprint()
    assert token.verify(PUBLIC, typ=TYP) == claims


@given(st.text(max_size=200))
def test_nothing_else_can_happen_than_a_refusal(text: str) -> None:
    with pytest.raises(jose.JwtRefused):
        jose.parse(text).verify(PUBLIC, typ=TYP)


def test_another_key_is_refused() -> None:
    token = jose.sign({}, ECKey.generate_key("P-256"), typ=TYP)

    with pytest.raises(jose.JwtRefused):
        jose.parse(token).verify(PUBLIC, typ=TYP)


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", None])
def test_another_type_is_refused(typ: str | None) -> None:
    with pytest.raises(jose.JwtRefused, match="type"):
        jose.parse(jose.sign({}, KEY, typ=TYP)).verify(PUBLIC, typ=typ)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": TYP, "crit": ["exp"], "exp": 1},
        {"typ": TYP, "crit": ["b64"], "b64": True},
        {"typ": TYP, "b64": False},
        {"typ": TYP, "jwk": RFC_KEY},
        {"typ": TYP, "jku": "https://attacker.example/keys"},
        {"typ": TYP, "x5u": "https://attacker.example/chain"},
        {"typ": TYP, "kid": 1},
        {"typ": 1},
        {"typ": TYP, "cty": "JWT"},
        {"typ": TYP, "alg": "none"},
        {"typ": TYP, "alg": "HS256"},
        {"typ": TYP, "alg": "ES384"},
        {"typ": TYP, "alg": "RS256"},
    ],
    ids=str,
)
def test_headers_that_we_do_not_make_are_refused(header: dict[str, Any]) -> None:
    token = with_header({"alg": "ES256", **header}, jose.sign({}, KEY, typ=TYP))

    with pytest.raises(jose.JwtRefused):
        jose.parse(token)


def test_a_header_parameter_is_refused_even_when_it_is_signed() -> None:
    with pytest.raises(jose.JwtRefused):
        jose.parse(signed({"typ": TYP, "jku": "https://attacker.example/keys"}))


@pytest.mark.parametrize("header", ['{"alg":"none","alg":"ES256"}', '\ufeff{"alg":"ES256"}', "[" * 3000, "[]", "null"])
def test_a_header_that_can_be_read_in_two_ways_is_refused(header: str) -> None:
    encoded = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
    with pytest.raises(jose.JwtRefused):
        jose.parse(".".join((encoded, *jose.sign({}, KEY, typ=TYP).split(".")[1:])))


def test_the_public_key_is_no_shared_secret() -> None:
    secret = OctKey.import_key(json.dumps(PUBLIC.as_dict(private=False)).encode())
    token = jwt.encode({"alg": "HS256", "typ": TYP}, {"sub": "x"}, secret, algorithms=["HS256"])

    with pytest.raises(jose.JwtRefused):
        jose.parse(token)


@pytest.mark.parametrize(
    "claims",
    [
        *("[]", "1", "null", '"x"', '{"exp": NaN}', '{"exp": Infinity}', "{", "", "[" * 3000),
        '{"sub": "x", "sub": "y"}',
        '{"sub": {"a": 1, "a": 1}}',
        "\ufeff{}",
        "{}".encode("utf-16"),
    ],
)
def test_claims_that_are_no_object_are_refused(claims: str | bytes) -> None:
    """Two programs must not read two things out of the same bytes: RFC 8725 §2.4."""
    raw = claims if isinstance(claims, bytes) else claims.encode()
    body = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    head, _, tail = jose.sign({}, KEY, typ=TYP).split(".")

    with pytest.raises(jose.JwtRefused):
        jose.parse(f"{head}.{body}.{tail}")


def test_a_token_too_long_is_not_even_taken_apart() -> None:
    with pytest.raises(jose.JwtRefused):
        jose.parse(jose.sign({"long": "x" * jose.MAX_JWT_LENGTH}, KEY, typ=TYP))


def test_what_was_only_parsed_does_not_show_its_claims() -> None:
    assert "secret" not in repr(jose.parse(jose.sign({"sub": "secret"}, KEY, typ=TYP)))


@pytest.mark.parametrize(
    "jwk",
    [
        RFC_PRIVATE_KEY,
        RFC_KEY | {"crv": "P-384"},
        RFC_KEY | {"kty": "RSA"},
        RFC_KEY | {"kty": "oct", "k": "AAAA"},
        RFC_KEY | {"x": "AAAA"},
        RFC_KEY | {"y": RFC_KEY["x"]},
        RFC_KEY | {"x": 1},
        RFC_KEY | {"x5u": "https://attacker.example"},
        {"kty": "EC", "crv": "P-256"},
        {},
    ],
    ids=str,
)
def test_only_public_keys_on_p256_are_taken(jwk: dict[str, Any]) -> None:
    with pytest.raises(jose.JwtRefused):
        jose.public_key(jwk)
