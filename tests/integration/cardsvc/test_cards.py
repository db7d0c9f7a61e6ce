"""Delivery, activation and revocation of cards, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.authentication.models import Visit
from cardsvc.callers.models import CallerKind
from cardsvc.cards import activation
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.issuance import escrow
from cardsvc.issuance.models import Application, SecretKind
from cardsvc.issuance.superseding import supersede
from cardsvc.transitions import CARD_TRANSITIONS
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, CardState, RevocationReason
from cardsvc.wire.signed import activation_hash
from tests.fixtures.issuance import reserve
from tests.fixtures.proofs import WEI, City, IssuedCard

ALIVE = (CardState.SEALED, CardState.DELIVERED, CardState.ACTIVE, CardState.HELD)


@pytest.fixture
def ana(city: City) -> ServiceClient:
    return city.caller("ana", CallerKind.OFFICER)


@pytest.fixture
def desk(city: City) -> ServiceClient:
    return city.caller("desk-1", CallerKind.DESK)


def delivered(city: City) -> IssuedCard:
    """A delivered card with its application and its transport PIN in escrow."""
    card = city.card(CardState.DELIVERED)
    services = city.services
    with transaction(services.sessions) as session:
        session.add(
            Application(
                citizen_id=card.citizen_id,
                state=ApplicationState.PRODUCED,
                requested_by="ana",
                card_id=card.id,
                created_at=services.clock(),
            )
        )
        for kind in (SecretKind.TRANSPORT_PIN, SecretKind.PUK):
            escrow.keep(session, services.keystore, card.id, kind, b"12345678", now=services.clock())
    return card


def activate(desk: ServiceClient, card: IssuedCard, **changed: Any) -> None:
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    desk.activate(card.uuid, card.prove(challenge, **changed))


def statuses(city: City, card: IssuedCard) -> set[CertificateStatus]:
    with reading(city.services.sessions) as session:
        return set(session.scalars(select(Certificate.status).where(Certificate.card_id == card.id)))


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ServiceProblem) as refused:
        call()
    return refused.value.problem.code


def test_activation_puts_everything_into_force(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    activate(desk, card)
    assert statuses(city, card) == {CertificateStatus.VALID}
    with reading(city.services.sessions) as session:
        assert get_card(session, card.uuid).state is CardState.ACTIVE
        assert session.scalars(select(Application.state)).one() is ApplicationState.CLOSED
        keystore = city.services.keystore
        assert escrow.kept(session, keystore, card.id, SecretKind.TRANSPORT_PIN).newest is None
        assert escrow.kept(session, keystore, card.id, SecretKind.PUK).newest == b"12345678"
    (record,) = city.audit("card.activate")
    assert (record.outcome, record.actor, record.card_id) == ("ok", "desk-1", card.id)


def still_delivered(city: City, card: IssuedCard, outcome: str) -> None:
    with reading(city.services.sessions) as session:
        assert get_card(session, card.uuid).state is CardState.DELIVERED
    assert statuses(city, card) == {CertificateStatus.ON_HOLD}
    assert city.audit("card.activate")[-1].outcome == outcome


def test_a_proof_for_something_else_does_not_activate(city: City, desk: ServiceClient) -> None:
    """The citizen enters the PIN for a service, and somebody shows that proof here."""
    card = delivered(city)
    (challenge,) = desk.challenges(Level.PIN)
    assert refusal(lambda: desk.activate(card.uuid, card.prove(challenge))) == "proof-not-for-activation"
    still_delivered(city, card, "proof-not-for-activation")


def test_the_activation_of_another_card_does_not_activate(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(uuid4()))
    assert refusal(lambda: desk.activate(card.uuid, card.prove(challenge))) == "proof-not-for-activation"
    still_delivered(city, card, "proof-not-for-activation")


def test_another_card_does_not_activate(city: City, desk: ServiceClient) -> None:
    card, other = delivered(city), city.card(CardState.DELIVERED)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    assert refusal(lambda: desk.activate(card.uuid, other.prove(challenge))) == "proof-of-another-card"
    still_delivered(city, card, "proof-of-another-card")


def test_a_tap_does_not_activate(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    (challenge,) = desk.challenges(Level.TAP, transaction_hash=activation_hash(card.uuid))
    assert refusal(lambda: desk.activate(card.uuid, card.prove(challenge))) == "proof-for-another-level"
    still_delivered(city, card, "proof-for-another-level")


def test_a_wrong_signature_does_not_activate_and_spends_the_challenge(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    forged = card.prove(challenge, signature=bytes.fromhex("300702010102020081"))
    assert refusal(lambda: desk.activate(card.uuid, forged)) == "signature-invalid"
    still_delivered(city, card, "signature-invalid")
    assert refusal(lambda: desk.activate(card.uuid, card.prove(challenge))) == "challenge-replayed"
    still_delivered(city, card, "challenge-replayed")


def test_a_challenge_of_nobody_does_not_activate(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    assert refusal(lambda: activate(desk, card, challenge_handle="AAAA")) == "challenge-unknown"
    still_delivered(city, card, "challenge-unknown")


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.DELIVERED])
def test_only_a_delivered_card_is_activated(sqlite_city: City, state: CardState) -> None:
    desk = sqlite_city.caller("desk-1", CallerKind.DESK)
    card = sqlite_city.card(state)
    code = refusal(lambda: activate(desk, card))
    # Lifting a hold is in the table too, but not this way.
    assert code == ("card-not-active" if state is CardState.HELD else "transition-refused")
    assert sqlite_city.audit("card.activate")[-1].outcome == code
    assert desk.card(card.uuid).state is state


def test_a_proof_that_activated_nothing_is_good_for_nothing_else(city: City, desk: ServiceClient) -> None:
    """The card is active already, and the desk is still there with a proof of its PIN."""
    card = city.card(CardState.ACTIVE)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    proof = card.prove(challenge)
    assert refusal(lambda: desk.activate(card.uuid, proof)) == "transition-refused"
    assert refusal(lambda: desk.authenticate(proof)) == "challenge-replayed"


def assert_refused_and_spent(city: City, desk: ServiceClient, card: IssuedCard, code: str) -> None:
    """The refusal is on record with the challenge; card, certificates and escrow are as they were."""
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    proof = card.prove(challenge)
    for expected in (code, "challenge-replayed"):
        with pytest.raises(ServiceProblem, match=expected):
            desk.activate(card.uuid, proof)
    assert [entry.outcome for entry in city.audit("card.activate")] == [code, "challenge-replayed"]
    assert city.audit("card.activate")[0].challenge_id is not None
    assert city.audit("request") == [], "its own records say so"
    with reading(city.services.sessions) as session:
        assert get_card(session, card.uuid).state is CardState.DELIVERED
        kept = escrow.kept(session, city.services.keystore, card.id, SecretKind.TRANSPORT_PIN)
        assert kept != escrow.NOTHING


def test_an_activation_beside_another_card_in_force_spends_its_challenge(city: City, desk: ServiceClient) -> None:
    """A temporary card revokes nothing: of the two, the one in force stays."""
    card, other = delivered(city), city.card()
    with transaction(city.services.sessions) as session:
        session.get_one(Card, other.id).citizen_id = card.citizen_id
        session.scalars(select(Application)).one().kind = ApplicationKind.TEMPORARY
    assert_refused_and_spent(city, desk, card, "another-card-active")


def test_an_activation_that_comes_too_late_spends_its_challenge(
    city: City, desk: ServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cancels the application between our look at it and our change."""
    card = delivered(city)

    def cancelled_meanwhile(session: Session, *args: Any, **how: Any) -> None:
        supersede(session, *args, **how)
        cancel = update(Application).values(state=ApplicationState.CANCELLED)
        session.execute(cancel.execution_options(synchronize_session=False))

    monkeypatch.setattr(activation, "supersede", cancelled_meanwhile)
    assert_refused_and_spent(city, desk, card, "changed-meanwhile")


def test_nobody_spoils_anothers_challenge_with_a_refused_activation(city: City, desk: ServiceClient) -> None:
    card, other = delivered(city), city.caller("desk-2", CallerKind.DESK)
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card.uuid))
    active = city.card(CardState.ACTIVE)
    assert refusal(lambda: other.activate(active.uuid, card.prove(challenge))) == "transition-refused"
    desk.activate(card.uuid, card.prove(challenge))
    assert desk.card(card.uuid).state is CardState.ACTIVE


def test_a_certificate_is_on_hold_until_activation(city: City, desk: ServiceClient) -> None:
    card = delivered(city)
    (challenge,) = desk.challenges(Level.PIN)
    assert refusal(lambda: desk.authenticate(card.prove(challenge))) == "card-not-active"
    activate(desk, card)
    (challenge,) = desk.challenges(Level.PIN)
    assert desk.authenticate(card.prove(challenge)).card_uuid == card.uuid


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        # CRLReason names of RFC 5280 §5.3.1
        (RevocationReason.KEY_COMPROMISE, "keyCompromise"),
        (RevocationReason.LOST, "keyCompromise"),
        (RevocationReason.STOLEN, "keyCompromise"),
        (RevocationReason.SUPERSEDED, "superseded"),
        (RevocationReason.WITHDRAWN, "privilegeWithdrawn"),
    ],
)
def test_a_revocation_tells_relying_parties_a_crl_reason(
    sqlite_city: City, reason: RevocationReason, told: str
) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER)
    card = sqlite_city.card()
    ana.revoke(card.uuid, reason)
    with reading(sqlite_city.services.sessions) as session:
        rows = session.scalars(select(Certificate).where(Certificate.card_id == card.id)).all()
    assert {(row.status, row.revocation_reason) for row in rows} == {(CertificateStatus.REVOKED, told)}
    assert {row.revoked_at for row in rows} == {sqlite_city.clock()}
    (record,) = sqlite_city.audit("card.revoke")
    assert record.detail == {"reason": reason.value}


def test_a_revocation_ends_visits_and_the_card_at_once(city: City, ana: ServiceClient) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    (first, second) = kiosk.challenges(Level.TAP, 2)
    visit = kiosk.authenticate(card.prove(first))
    ana.revoke(card.uuid, RevocationReason.STOLEN)
    with reading(city.services.sessions) as session:
        assert session.scalars(select(Visit.ended_at)).one() == city.clock()
    assert refusal(lambda: kiosk.authenticate(card.prove(second))) == "card-not-active"
    exchange = refusal(lambda: kiosk.exchange(visit.visit_token, "medical-insurance", "clinic-check-in"))
    assert exchange in {"visit-ended", "card-not-active"}


def test_the_visits_of_others_go_on(city: City, ana: ServiceClient) -> None:
    kiosk, card, other = city.caller("kiosk-1"), city.card(), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    kiosk.authenticate(other.prove(challenge))
    ana.revoke(card.uuid, RevocationReason.LOST)
    with reading(city.services.sessions) as session:
        assert session.scalars(select(Visit.ended_at)).one() is None
    assert statuses(city, other) == {CertificateStatus.VALID}


@pytest.mark.parametrize("state", CardState)
def test_which_cards_can_be_revoked(sqlite_city: City, state: CardState) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER)
    card = sqlite_city.card(state)
    if state in ALIVE:
        assert ana.revoke(card.uuid, RevocationReason.LOST).state is CardState.REVOKED
        return
    with pytest.raises(ServiceProblem) as refused:
        ana.revoke(card.uuid, RevocationReason.LOST)
    assert refused.value.problem.code == "transition-refused"
    assert refused.value.problem.data["state"] == state
    assert refused.value.problem.data["open"] == sorted(CARD_TRANSITIONS[state])
    assert sqlite_city.audit("card.revoke") == []


def test_a_card_revoked_before_it_was_active_cancels_its_application(city: City, ana: ServiceClient) -> None:
    card = delivered(city)
    ana.revoke(card.uuid, RevocationReason.LOST)
    with reading(city.services.sessions) as session:
        assert session.scalars(select(Application.state)).one() is ApplicationState.CANCELLED


def test_the_reason_is_in_the_cards_history(city: City, ana: ServiceClient) -> None:
    card = city.card()
    last = ana.revoke(card.uuid, RevocationReason.STOLEN).history[-1]
    assert (last.state, last.actor, last.reason) == ("revoked", "ana", "stolen")


def test_a_sealed_card_is_delivered_once(city: City, ana: ServiceClient) -> None:
    card = city.card(CardState.SEALED)
    assert ana.deliver(card.uuid).state is CardState.DELIVERED
    assert refusal(lambda: ana.deliver(card.uuid)) == "transition-refused"
    assert len(city.audit("card.deliver")) == 1


def test_a_reserved_card_is_given_back(city: City, ana: ServiceClient) -> None:
    card_uuid = reserve(city.services)
    card = ana.release(card_uuid)
    assert (card.state, card.expires_on) == (CardState.STOCK, None)
    with reading(city.services.sessions) as session:
        application = session.scalars(select(Application)).one()
        assert (application.state, application.card_id) == (ApplicationState.APPROVED, None)
        assert get_card(session, card_uuid).citizen_id is None
    (record,) = city.audit("card.release")
    assert record.citizen_id == application.citizen_id
    assert ana.personalise(application.id, card.stock_number).uuid == card_uuid


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.RESERVED])
def test_no_other_card_is_given_back(sqlite_city: City, state: CardState) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER)
    card = sqlite_city.card(state)
    assert refusal(lambda: ana.release(card.uuid)) == "transition-refused"
    assert ana.card(card.uuid).state is state


def test_no_such_card(city: City, ana: ServiceClient) -> None:
    unknown = uuid4()
    calls = (
        lambda: ana.card(unknown),
        lambda: ana.deliver(unknown),
        lambda: ana.revoke(unknown, RevocationReason.LOST),
    )
    assert {refusal(call) for call in calls} == {"no-such-card"}


def test_a_card_says_nothing_of_its_person(city: City, ana: ServiceClient) -> None:
    shown = ana.card(city.card().uuid).model_dump_json()
    for known in (WEI.name, WEI.name_latin, WEI.document_number, "citizen"):
        assert str(known) not in shown


def test_no_record_of_a_life_names_the_person(city: City, ana: ServiceClient, desk: ServiceClient) -> None:
    card = delivered(city)
    activate(desk, card)
    ana.revoke(card.uuid, RevocationReason.LOST)
    with reading(city.services.sessions) as session:
        for record in session.scalars(select(AuditRecord)):
            assert WEI.name not in str(record.detail)
            assert WEI.document_number not in str(record.detail)
