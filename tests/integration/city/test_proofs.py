"""Proofs that no kiosk of ours would send, shown to the running service with a kiosk's own key.

Each is refused with a problem of its own, written down, and would be told on the screen in words of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from cardsvc.authentication.challenges import issue_challenge
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem, statement
from cardsvc.settings import Settings
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import Language
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL, AuthenticationStatement
from kiosk.city.founding import DESK, KIOSK
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import CardFiles
from kiosk.reasons import reason_for
from kiosk.screen.words import words_in
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from tests.fixtures.city import LiveCity, Recorded, assert_understandable
from tests.fixtures.issuance import caller

Change = Callable[[AuthenticationStatement], AuthenticationStatement]


def as_it_is(stated: AuthenticationStatement) -> AuthenticationStatement:
    return stated


def prove(city: LiveCity, card: CardFiles, challenge: Challenge, change: Change = as_it_is, **claims: Any) -> CardProof:
    """What the card signs: the statement for the challenge after ``change``. ``claims`` are what the proof says."""
    stated = change(statement(challenge, city.card_uuid))
    with city.connected(card) as connection:
        session = PivSession.open(connection)
        if stated.key_reference != KeyReference.CARD_AUTHENTICATION:
            session.verify_pin(Pin(CITIZENS_PIN))
        signature = session.sign_digest(KeyReference(stated.key_reference), stated.digest)
    return proof_of(city, challenge, signature, **claims)


def proof_of(city: LiveCity, challenge: Challenge, signature: bytes, **claims: Any) -> CardProof:
    right = CardProof(
        challenge_handle=challenge.handle,
        card_uuid=city.card_uuid,
        level=challenge.level,
        audience=challenge.audience,
        signature=signature,
    )
    return right.model_copy(update=claims)


def assert_refused(city: LiveCity, proof: CardProof, code: str, *, known: bool = True) -> None:
    """``known``: the record names our card, because the challenge was this kiosk's."""
    with city.nothing_written(), city.recording() as recorded, pytest.raises(ServiceProblem) as refused:
        city.caller().authenticate(proof)
    assert refused.value.problem.code == code
    assert recorded == [Recorded("authentication", code, KIOSK, card=city.card_uuid if known else None)]
    assert_told(refused.value)


def assert_told(problem: ServiceProblem) -> None:
    said = {language: words_in(language).saying(reason_for(problem)) for language in Language}
    assert_understandable({language: (saying.title, saying.advice) for language, saying in said.items()})


def challenge_for(client: ServiceClient, level: Level = Level.TAP) -> Challenge:
    (challenge,) = client.challenges(level)
    return challenge


@pytest.mark.parametrize("level", [Level.TAP, Level.PIN])
def test_a_proof_shown_twice(live_city: LiveCity, card: CardFiles, level: Level) -> None:
    proof = prove(live_city, card, challenge_for(live_city.caller(), level))
    visits = len(live_city.rows()["cardsvc.visits"])
    with live_city.recording() as recorded:
        live_city.caller().authenticate(proof)
    assert [record.outcome for record in recorded] == ["ok"]
    assert_refused(live_city, proof, "challenge-replayed")
    assert len(live_city.rows()["cardsvc.visits"]) == visits + 1


def test_a_challenge_that_has_expired(live_city: LiveCity, card: CardFiles) -> None:
    """Made with the service's own key, by a clock that is ten minutes slow."""
    settings = Settings(
        keystore_dir=live_city.plan.folder / "keystore",
        keystore_passphrase_file=live_city.plan.folder / "keystore.passphrase",
    )
    challenge = issue_challenge(
        FileKeystore.load(settings.keystore_dir, settings.read_keystore_passphrase()),
        caller(KIOSK, CallerKind.KIOSK),
        Level.TAP,
        issuer=live_city.plan.service_url,
        now=datetime.now(UTC) - timedelta(minutes=10),
        lifetime=timedelta(minutes=5),
    )
    assert_refused(live_city, prove(live_city, card, challenge), "challenge-expired", known=False)


def test_a_challenge_of_somebody_else(live_city: LiveCity, card: CardFiles) -> None:
    desk = live_city.caller(DESK)
    proof = prove(live_city, card, challenge_for(desk))
    assert_refused(live_city, proof, "challenge-foreign", known=False)
    assert desk.authenticate(proof).card_uuid == live_city.card_uuid  # it was not spent by the other's attempt


def test_a_challenge_that_was_changed(live_city: LiveCity, card: CardFiles) -> None:
    proof = prove(live_city, card, challenge_for(live_city.caller()))
    handle = proof.challenge_handle
    changed = handle[:20] + ("A" if handle[20] != "A" else "B") + handle[21:]
    assert_refused(live_city, proof.model_copy(update={"challenge_handle": changed}), "challenge-unknown", known=False)


def test_a_signature_by_a_key_that_is_not_the_cards(live_city: LiveCity) -> None:
    challenge = challenge_for(live_city.caller())
    digest = statement(challenge, live_city.card_uuid).digest
    other = ec.generate_private_key(ec.SECP256R1()).sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    assert_refused(live_city, proof_of(live_city, challenge, other), "signature-invalid")


@pytest.mark.parametrize(
    "change",
    [
        lambda stated: replace(stated, level=Level.PIN),
        lambda stated: replace(stated, level=Level.PIN, key_reference=KEY_REFERENCE_OF_LEVEL[Level.PIN]),
        lambda stated: replace(stated, key_reference=KEY_REFERENCE_OF_LEVEL[Level.PIN]),
        lambda stated: replace(stated, audience="urn:citizen-card:department:education"),
        lambda stated: replace(stated, client_id=DESK),
        lambda stated: replace(stated, issuer="https://cards.another-city.example"),
        lambda stated: replace(stated, expires_at=stated.expires_at + 1),
        lambda stated: replace(stated, transaction_hash=bytes(32)),
        lambda stated: replace(stated, card_uuid=type(stated.card_uuid)(int=1)),
    ],
    ids=["level", "level-and-key", "key", "audience", "caller", "issuer", "expiry", "transaction", "card"],
)
def test_a_signature_for_something_else(live_city: LiveCity, card: CardFiles, change: Change) -> None:
    """The card did sign, with its own key; but not this. And the challenge is spent."""
    challenge = challenge_for(live_city.caller())
    assert_refused(live_city, prove(live_city, card, challenge, change), "signature-invalid")
    assert_refused(live_city, prove(live_city, card, challenge), "challenge-replayed")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"level": Level.PIN}, "proof-for-another-level"),
        ({"audience": "urn:citizen-card:department:education"}, "proof-for-another-audience"),
    ],
)
def test_a_proof_that_claims_something_else(
    live_city: LiveCity, card: CardFiles, claims: dict[str, Any], code: str
) -> None:
    challenge = challenge_for(live_city.caller())
    assert_refused(live_city, prove(live_city, card, challenge, **claims), code)


def test_a_pin_entered_for_a_visit_does_not_activate_a_card(live_city: LiveCity, card: CardFiles) -> None:
    desk = live_city.caller(DESK)
    proof = prove(live_city, card, challenge_for(desk, Level.PIN))
    with (
        live_city.card_in_state(CardState.DELIVERED),
        live_city.nothing_written(),
        live_city.recording("card.activate") as recorded,
        pytest.raises(ServiceProblem) as refused,
    ):
        desk.activate(live_city.card_uuid, proof)
    assert refused.value.problem.code == "proof-not-for-activation"
    assert recorded == [Recorded("card.activate", "proof-not-for-activation", DESK, card=live_city.card_uuid)]
