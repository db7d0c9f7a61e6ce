"""What a department states about a document is read as PyJWT reads it, and nothing else is taken for it."""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
import pytest
from joserfc.jwk import ECKey

from cardsvc.client import ServiceClient
from cardsvc.wire import jose
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.signing import PREPARED_TYP, read_prepared
from tests.fixtures.services import NOW, StandingClock

KEY = ECKey.generate_key("P-256")
NAME = "A" * 43
SERVICE = "https://cards.example"


@pytest.fixture
def department(clock: StandingClock) -> ServiceClient:
    return ServiceClient(SERVICE, "education", KEY, clock=clock)


def test_a_department_states_it_in_a_jws_that_others_can_read(department: ServiceClient) -> None:
    compact = department.prepare_document(b"document", "text/plain", pseudonym=NAME, service="school-place")

    assert jwt.get_unverified_header(compact) == {"alg": "ES256", "kid": KEY.thumbprint(), "typ": PREPARED_TYP}
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(compact, KEY.public_key, ["ES256"], audience=SERVICE, options=options)
    assert claims.pop("jti")
    digest = encode_base64url(hashlib.sha256(b"document").digest())
    assert claims == {
        "iss": "education",
        "aud": SERVICE,
        "sub": NAME,
        "service": "school-place",
        "document_sha256": digest,
        "media_type": "text/plain",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
    }
    assert read_prepared(compact).media_type == "text/plain"


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": "Wei"},
        {"aud": [SERVICE]},
        {"document_sha256": "AAAA"},
        {"media_type": "text"},
        {"jti": "short"},
        {"exp": int(NOW.timestamp()) + 601},
        {"exp": int(NOW.timestamp())},
        {"iat": str(int(NOW.timestamp()))},
        {"nbf": 0},
        {"service": "School Place"},
    ],
    ids=str,
)
def test_claims_of_another_form_are_refused(changed: dict[str, Any]) -> None:
    claims = {
        "iss": "education",
        "aud": SERVICE,
        "sub": NAME,
        "service": "school-place",
        "document_sha256": "A" * 43,
        "media_type": "text/plain",
        "jti": "document-1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
    }
    read_prepared(jose.sign(claims, KEY, typ=PREPARED_TYP))
    for compact in (jose.sign(claims | changed, KEY, typ=PREPARED_TYP), jose.sign(claims, KEY, typ="JWT")):
        with pytest.raises(jose.JwtRefused):
            read_prepared(compact)
