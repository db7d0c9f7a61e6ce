"""Assertions are checked offline: what a department accepts, and why it refuses the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey

from cardsvc.client import (
    AssertionExpired,
    AssertionForeign,
    AssertionForPreparing,
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionRefused,
    AssertionSignatureInvalid,
    AssertionVerifier,
    AssertionWrongAudience,
    AssertionWrongDocument,
    AssertionWrongService,
    StaticJwks,
    StepUpRequired,
)
from cardsvc.wire import jose
from cardsvc.wire.authentication import ASSERTION_TYP
from cardsvc.wire.levels import Level
from tests.fixtures.services import NOW, StandingClock

ISSUER = "https://cards.example"
AUDIENCE = "urn:citizen-card:department:education"
KEY = ECKey.generate_key("P-256")
OTHER_KEY = ECKey.generate_key("P-256")
SIGNED: dict[str, Any] = {"transaction_hash": "A" * 43, "signature_sha256": "A" * 43}
SECONDS = int(NOW.timestamp())


def published(*keys: ECKey) -> StaticJwks:
    return StaticJwks({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()} for key in keys]})


def assertion(key: ECKey = KEY, typ: str = ASSERTION_TYP, **changed: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "a-pseudonym",
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "jti": "01890000-0000-7000-8000-000000000000",
        "acr": "tap",
        "client_id": "kiosk-1",
        "service": "loan",
        "policy_version": 3,
        "attributes": {"district": "taipa"},
    } | changed
    return jose.sign({name: value for name, value in claims.items() if value is not None}, key, typ=typ)


@pytest.fixture
def verifier(clock: StandingClock) -> AssertionVerifier:
    return AssertionVerifier(ISSUER, AUDIENCE, published(KEY), clock)


def test_a_good_assertion_says_who_is_there_and_how_surely(verifier: AssertionVerifier) -> None:
    verified = verifier.verify(assertion(), service="loan", level=Level.TAP)

    assert (verified.pseudonym, verified.level) == ("a-pseudonym", Level.TAP)
    assert verified.claims.attributes == {"district": "taipa"}


@pytest.mark.parametrize(("acr", "wanted"), [("pin", Level.TAP), ("pin", Level.PIN), ("sign", Level.PIN)])
def test_a_higher_level_does_too(verifier: AssertionVerifier, acr: str, wanted: Level) -> None:
    hashes = SIGNED if acr == "sign" else {}
    assert verifier.verify(assertion(acr=acr, **hashes), service="loan", level=wanted).level >= wanted


def test_at_level_sign_the_document_is_asked_for_always(verifier: AssertionVerifier) -> None:
    signed = assertion(acr="sign", **SIGNED)
    assert verifier.verify(signed, service="loan", level=Level.SIGN, transaction_hash=bytes(32)).level is Level.SIGN
    for level, document in ((Level.SIGN, None), (Level.SIGN, b"\1" * 32), (Level.PIN, b"\1" * 32)):
        with pytest.raises(AssertionWrongDocument):
            verifier.verify(signed, service="loan", level=level, transaction_hash=document)
    with pytest.raises(AssertionWrongDocument):
        verifier.verify(assertion(acr="pin"), service="loan", level=Level.PIN, transaction_hash=bytes(32))


def test_what_is_for_preparing_is_for_that_alone(verifier: AssertionVerifier) -> None:
    preparing, pin = assertion(acr="pin", use="prepare"), assertion(acr="pin")
    assert verifier.verify_preparation(preparing, service="loan").claims.use == "prepare"
    for refused in (pin, assertion(acr="sign", **SIGNED)):
        with pytest.raises(AssertionForPreparing):
            verifier.verify_preparation(refused, service="loan")
    with pytest.raises(AssertionForPreparing):
        verifier.verify(preparing, service="loan", level=Level.PIN)
    with pytest.raises(AssertionWrongService):
        verifier.verify_preparation(preparing, service="fine")


@pytest.mark.parametrize(("acr", "wanted"), [("tap", Level.PIN), ("tap", Level.SIGN), ("pin", Level.SIGN)])
def test_a_lower_level_asks_for_more(verifier: AssertionVerifier, acr: str, wanted: Level) -> None:
    with pytest.raises(StepUpRequired) as refused:
        verifier.verify(assertion(acr=acr), service="loan", level=wanted)

    assert refused.value.level is wanted


REFUSED: dict[str, tuple[str, type[AssertionRefused]]] = {
    "another issuer": (assertion(iss="https://other.example"), AssertionForeign),
    "another department": (assertion(aud="urn:citizen-card:department:finance"), AssertionWrongAudience),
    "another service": (assertion(service="fine"), AssertionWrongService),
    "expired": (assertion(iat=SECONDS - 300, exp=SECONDS), AssertionExpired),
    "from the future": (assertion(iat=SECONDS + 31), AssertionExpired),
    "another key": (assertion(OTHER_KEY), AssertionKeyUnknown),
    "another type": (assertion(typ="at+jwt"), AssertionMalformed),
    "no type": (assertion(typ="JWT"), AssertionMalformed),
    "no pseudonym": (assertion(sub=None), AssertionMalformed),
    "several departments": (assertion(aud=[AUDIENCE, "x"]), AssertionMalformed),
    "signed, and no document": (assertion(acr="sign"), AssertionMalformed),
    "signed, and no signature": (assertion(acr="sign", transaction_hash="A" * 43), AssertionMalformed),
    "a document, and not signed": (assertion(acr="pin", **SIGNED), AssertionMalformed),
    "for preparing, after a tap": (assertion(use="prepare"), AssertionMalformed),
    "for preparing, and signed": (assertion(acr="sign", use="prepare", **SIGNED), AssertionMalformed),
    "of an unknown use": (assertion(acr="pin", use="fun"), AssertionMalformed),
    "an unknown level": (assertion(acr="telepathy"), AssertionMalformed),
    "an unknown claim": (assertion(admin=True), AssertionMalformed),
    "no end": (assertion(exp=None), AssertionMalformed),
    "an end in words": (assertion(exp="tomorrow"), AssertionMalformed),
    "an end in a text": (assertion(exp=str(SECONDS + 300)), AssertionMalformed),
    "an end that is a fraction": (assertion(exp=float(SECONDS + 300)), AssertionMalformed),
    "a beginning that is a truth": (assertion(iat=True), AssertionMalformed),
    "good for longer than assertions are": (assertion(exp=SECONDS + 301), AssertionMalformed),
    "over before it began": (assertion(iat=SECONDS + 20, exp=SECONDS + 10), AssertionMalformed),
    "garbage": ("garbage", AssertionMalformed),
    "nothing": ("", AssertionMalformed),
}


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused(verifier: AssertionVerifier, case: str) -> None:
    text, expected = REFUSED[case]

    with pytest.raises(AssertionRefused) as refused:
        verifier.verify(text, service="loan", level=Level.TAP)

    assert type(refused.value) is expected
    assert "a-pseudonym" not in str(refused.value)


def test_a_forged_signature_is_refused(verifier: AssertionVerifier) -> None:
    head, body, _ = assertion().split(".")
    _, _, other_signature = assertion(jti="another").split(".")

    with pytest.raises(AssertionSignatureInvalid):
        verifier.verify(f"{head}.{body}.{other_signature}", service="loan", level=Level.TAP)


def test_a_key_cannot_be_brought_along_under_a_known_name(clock: StandingClock) -> None:
    """The name in the header finds a key; it does not make the signature right."""
    verifier = AssertionVerifier(ISSUER, AUDIENCE, published(KEY), clock)
    renamed = StaticJwks({"keys": [{**OTHER_KEY.as_dict(private=False), "kid": KEY.thumbprint()}]})

    with pytest.raises(AssertionKeyUnknown):
        verifier.verify(assertion(OTHER_KEY), service="loan", level=Level.TAP)
    with pytest.raises(AssertionSignatureInvalid):
        AssertionVerifier(ISSUER, AUDIENCE, renamed, clock).verify(assertion(), service="loan", level=Level.TAP)


def test_a_key_of_the_service_that_signs_something_else_signs_no_assertion(clock: StandingClock) -> None:
    """Whoever gets at the key of the status lists must not be able to say who somebody is."""
    jwk = {**KEY.as_dict(private=False), "kid": KEY.thumbprint()}
    for types, taken in (([ASSERTION_TYP], True), (["statuslist+jwt"], False), ([], False), (ASSERTION_TYP, False)):
        jwks = StaticJwks({"keys": [{**jwk, "token_types": types}]})
        verifier = AssertionVerifier(ISSUER, AUDIENCE, jwks, clock)
        if taken:
            verifier.verify(assertion(), service="loan", level=Level.TAP)
            continue
        with pytest.raises(AssertionKeyUnknown):
            verifier.verify(assertion(), service="loan", level=Level.TAP)


def test_a_clock_that_is_a_little_behind_does_no_harm(clock: StandingClock, verifier: AssertionVerifier) -> None:
    clock.now -= timedelta(seconds=30)

    verifier.verify(assertion(), service="loan", level=Level.TAP)
