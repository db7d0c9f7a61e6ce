"""A card proves itself over HTTP, on both databases: what is accepted, what is refused, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.cards.models import Card
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import transaction
from cardsvc.trust.certificates import certify
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from readers.piv.identifiers import KeyReference
from tests.fixtures.cards import Authority
from tests.fixtures.proofs import City, IssuedCard

CARD_AUTHENTICATION = KeyReference.CARD_AUTHENTICATION


def tap(kiosk: ServiceClient, card: IssuedCard) -> str:
    """The outcome of a tap."""
    (challenge,) = kiosk.challenges(Level.TAP)
    try:
        kiosk.authenticate(card.prove(challenge))
    except ServiceProblem as refused:
        return refused.problem.code
    return "ok"


@pytest.mark.parametrize("level", [Level.TAP, Level.PIN])
def test_a_right_answer_begins_a_visit_and_is_recorded(city: City, level: Level) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(level)

    result = kiosk.authenticate(card.prove(challenge))

    assert (result.card_uuid, result.level) == (card.uuid, level)
    (entry,) = city.audit("authentication")
    assert (entry.id, entry.outcome, entry.actor) == (result.authentication_id, "ok", "kiosk-1")
    assert (entry.card_id, entry.citizen_id, entry.citizen_counter) == (card.id, card.citizen_id, 1)
    assert entry.detail == {"level": level.value, "audience": "kiosk-1"}


def test_a_second_answer_is_refused_and_recorded(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    proof = card.prove(challenge)
    kiosk.authenticate(proof)

    with pytest.raises(ServiceProblem) as refused:
        kiosk.authenticate(proof)

    assert (refused.value.problem.code, refused.value.problem.status) == ("challenge-replayed", 409)
    first, second = city.audit("authentication")
    assert (first.outcome, second.outcome) == ("ok", "challenge-replayed")
    assert second.challenge_id is None
    assert second.detail["challenge"] == str(first.challenge_id)
    assert [first.citizen_counter, second.citizen_counter] == [1, 2]


def test_a_wrong_answer_spends_the_challenge(city: City) -> None:
    kiosk, card, other = city.caller("kiosk-1"), city.card(), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    right = card.prove(challenge)
    wrong = right.model_copy(update={"signature": other.prove(challenge).signature})

    with pytest.raises(ServiceProblem, match="signature-invalid"):
        kiosk.authenticate(wrong)
    with pytest.raises(ServiceProblem, match="challenge-replayed"):
        kiosk.authenticate(right)

    assert [entry.outcome for entry in city.audit("authentication")] == ["signature-invalid", "challenge-replayed"]


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.ACTIVE])
def test_only_an_active_card_is_accepted(city: City, state: CardState) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.put_in_state(card, state)
    (challenge,) = kiosk.challenges(Level.TAP)

    with pytest.raises(ServiceProblem) as refused:
        kiosk.authenticate(card.prove(challenge))

    assert refused.value.problem.code == "card-not-active"
    assert refused.value.problem.data["state"] == state.value
    assert city.audit("authentication")[-1].outcome == "card-not-active"


@pytest.mark.parametrize("status", [CertificateStatus.ON_HOLD, CertificateStatus.REVOKED])
def test_an_active_card_whose_certificate_is_not_valid_is_refused(city: City, status: CertificateStatus) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    assert tap(kiosk, card) == "ok"
    with transaction(city.services.sessions) as session:
        for certificate in session.query(Certificate).filter_by(card_id=card.id):
            certificate.status = status

    assert tap(kiosk, card) == "certificate-refused"
    assert city.audit("authentication")[-1].outcome == "certificate-refused"


def test_a_certificate_of_another_authority_is_refused(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    other = Authority().issue("a card", card.keys[CARD_AUTHENTICATION].public_key())
    with transaction(city.services.sessions) as session:
        row = session.query(Certificate).filter_by(card_id=card.id, key_reference=CARD_AUTHENTICATION).one()
        row.der = other.public_bytes(Encoding.DER)

    assert tap(kiosk, card) == "certificate-refused"


def test_a_card_beyond_its_own_last_day_is_refused_whatever_its_certificates_say(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    yesterday = (city.clock() - timedelta(days=1)).date()
    with transaction(city.services.sessions) as session:
        session.get_one(Card, card.id).expires_on = yesterday
    (challenge,) = kiosk.challenges(Level.TAP)

    with pytest.raises(ServiceProblem) as refused:
        kiosk.authenticate(card.prove(challenge))

    assert (refused.value.problem.code, refused.value.problem.data) == ("card-not-active", {"state": "expired"})


def test_of_two_certificates_of_a_key_the_newer_counts(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    fresh = ec.generate_private_key(ec.SECP256R1())
    city.clock.advance(minutes=1)
    with transaction(city.services.sessions) as session:
        row = session.get_one(Card, card.id)
        authority, public_key = city.services.authority, fresh.public_key()
        certify(
            session,
            authority,
            row,
            CARD_AUTHENTICATION,
            public_key,
            origin=KeyOrigin.SECURE_CHANNEL,
            now=city.clock(),
        )
        session.flush()
        session.query(Certificate).update({"status": CertificateStatus.VALID})

    assert tap(kiosk, card) == "signature-invalid"
    assert tap(kiosk, IssuedCard(card.id, card.uuid, card.citizen_id, {CARD_AUTHENTICATION: fresh})) == "ok"


def test_level_sign_has_no_challenges(city: City) -> None:
    kiosk = city.caller("kiosk-1")

    with pytest.raises(ServiceProblem, match="level-without-challenge"):
        kiosk.challenges(Level.SIGN)
