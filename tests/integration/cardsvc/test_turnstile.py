"""Many proofs at once, on both databases: each gets its own verdict, and the records say the same."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import pytest
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.authentication.models import Visit
from cardsvc.authentication.proofs import ACTIVATION, Attempt
from cardsvc.authentication.turnstile import Admitted, Knock, Outcome
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from tests.fixtures.proofs import City


def outcome(verdict: Outcome) -> str:
    return verdict.code if isinstance(verdict, ServiceError) else "ok"


def assert_numbers_have_no_gaps(city: City) -> None:
    """Each citizen's records carry 1, 2, 3 … and the citizen's row the last of them."""
    with reading(city.services.sessions) as session:
        records = session.scalars(
            select(AuditRecord)
            .where(AuditRecord.citizen_id.is_not(None))
            .order_by(AuditRecord.citizen_id, AuditRecord.citizen_counter)
        )
        for citizen_id, entries in groupby(records, lambda entry: entry.citizen_id):
            numbers = [entry.citizen_counter for entry in entries]
            assert numbers == list(range(1, len(numbers) + 1))
            assert session.get_one(Citizen, citizen_id).audit_counter == len(numbers)


def test_a_batch_gives_everybody_their_own_verdict(city: City) -> None:
    kiosk, other_kiosk = city.caller("kiosk-1"), city.caller("kiosk-2")
    ana, bo, revoked = city.card(), city.card(), city.card(CardState.REVOKED)
    tap = kiosk.challenges(Level.TAP, 8)
    (pin,) = kiosk.challenges(Level.PIN)
    (foreign,) = other_kiosk.challenges(Level.TAP)
    right = ana.prove(tap[0])
    unsigned = bo.prove(tap[1]).signature
    proofs: list[tuple[CardProof, str]] = [
        (right, "ok"),
        (right, "challenge-replayed"),
        (bo.prove(tap[2]), "ok"),
        (ana.prove(tap[1], signature=unsigned), "signature-invalid"),
        (bo.prove(tap[1]), "challenge-replayed"),
        (revoked.prove(tap[3]), "card-not-active"),
        (ana.prove(tap[4], card_uuid=kiosk_uuid(city)), "card-unknown"),
        (ana.prove(foreign), "challenge-foreign"),
        (ana.prove(tap[5], challenge_handle="A" * 76), "challenge-unknown"),
        (ana.prove(tap[6], level=Level.PIN), "proof-for-another-level"),
        (ana.prove(tap[7], audience="kiosk-2"), "proof-for-another-audience"),
        (ana.prove(pin), "ok"),
    ]
    entry = city.entry("kiosk-1")

    verdicts = city.services.turnstile.admit([Knock(proof, entry, city.clock()) for proof, _ in proofs])

    assert [outcome(verdict) for verdict in verdicts] == [expected for _, expected in proofs]
    assert Counter(entry.outcome for entry in city.audit("authentication")) == Counter(e for _, e in proofs)
    admitted = [verdict for verdict in verdicts if isinstance(verdict, Admitted)]
    assert [verdict.card.card_uuid for verdict in admitted] == [ana.uuid, bo.uuid, ana.uuid]
    assert [verdict.card.level for verdict in admitted] == [Level.TAP, Level.TAP, Level.PIN]
    with reading(city.services.sessions) as session:
        assert len(session.scalars(select(Visit)).all()) == 3
    assert_numbers_have_no_gaps(city)


def kiosk_uuid(city: City) -> object:
    """A UUID that no card has."""
    return city.principal("kiosk-1").caller_id


def test_a_foreign_or_late_answer_does_not_spend_the_challenge(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.caller("kiosk-2")
    (challenge,) = kiosk.challenges(Level.TAP)
    proof = card.prove(challenge)

    with pytest.raises(ServiceProblem, match="challenge-foreign"):
        city.client("kiosk-2").authenticate(proof)
    kiosk.authenticate(proof)

    assert [entry.outcome for entry in city.audit("authentication")] == ["challenge-foreign", "ok"]
    assert city.audit("authentication")[0].citizen_id is None


def test_an_answer_that_comes_too_late_is_refused(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    city.clock.advance(seconds=300)

    with pytest.raises(ServiceProblem, match="challenge-expired"):
        kiosk.authenticate(card.prove(challenge))


def test_a_tap_does_not_become_a_pin(city: City) -> None:
    """A signature of 9E over a statement that says `pin`: what a stolen card and a lying kiosk could make."""
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.PIN)
    as_tap = card.prove(challenge.model_copy(update={"level": Level.TAP}), level=Level.PIN)

    with pytest.raises(ServiceProblem, match="signature-invalid"):
        kiosk.authenticate(as_tap)


def test_a_transaction_hash_is_part_of_what_is_signed(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.PIN, transaction_hash=b"\x01" * 32)
    other = challenge.model_copy(update={"transaction_hash": b"\x02" * 32})

    with pytest.raises(ServiceProblem, match="signature-invalid"):
        kiosk.authenticate(card.prove(other))
    assert city.audit("authentication")[-1].detail["transaction_hash"] == "01" * 32


@pytest.mark.parametrize("days", [0, 1])
def test_a_card_is_good_to_the_end_of_its_last_day(city: City, days: int) -> None:
    card = city.card()
    city.clock.now = city.clock.now.replace(year=city.clock.now.year + 2, month=1, day=1)
    city.clock.advance(days=days)
    kiosk = city.caller("kiosk-1")
    (challenge,) = kiosk.challenges(Level.TAP)

    if days:
        with pytest.raises(ServiceProblem, match="certificate-refused"):
            kiosk.authenticate(card.prove(challenge))
    else:
        kiosk.authenticate(card.prove(challenge))


def test_of_many_answers_at_once_one_is_accepted(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    proof = card.prove(challenge)
    kiosk.access_token()

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(lambda _: authenticate(kiosk, proof), range(24)))

    assert outcomes == {"ok": 1, "challenge-replayed": 23}
    assert Counter(entry.outcome for entry in city.audit("authentication")) == outcomes
    assert_numbers_have_no_gaps(city)


def test_several_writers_do_not_get_in_each_others_way(city: City) -> None:
    """As several processes would: the same challenges and citizens, in different orders, without one event loop."""
    kiosk = city.caller("kiosk-1")
    cards = [city.card() for _ in range(4)]
    challenges = kiosk.challenges(Level.TAP, 16)
    entry = city.entry("kiosk-1")
    attempts = [
        Knock(cards[number % 4].prove(challenge), entry, city.clock()) for number, challenge in enumerate(challenges)
    ]
    orders = [attempts, attempts[::-1], attempts[8:] + attempts[:8], attempts[1::2] + attempts[::2]]

    with ThreadPoolExecutor(4) as threads:
        verdicts = [verdict for batch in threads.map(city.services.turnstile.admit, orders) for verdict in batch]

    assert Counter(map(outcome, verdicts)) == {"ok": 16, "challenge-replayed": 48}
    assert_numbers_have_no_gaps(city)


def test_a_card_revoked_in_the_meantime_does_not_slip_through(city: City) -> None:
    """Revocations and taps race; whatever was accepted was accepted before the revocation was committed."""
    kiosk = city.caller("kiosk-1")
    cards = [city.card() for _ in range(6)]
    proofs = {card.uuid: [card.prove(challenge) for challenge in kiosk.challenges(Level.TAP, 4)] for card in cards}
    kiosk.access_token()

    with ThreadPoolExecutor(8) as threads:
        taps = [threads.submit(authenticate, kiosk, proof) for card in cards for proof in proofs[card.uuid]]
        for card in cards:
            city.put_in_state(card, CardState.REVOKED)
            (late,) = kiosk.challenges(Level.TAP)
            assert authenticate(kiosk, card.prove(late)) == "card-not-active"

    assert {tap.result() for tap in taps} <= {"ok", "card-not-active"}
    assert_numbers_have_no_gaps(city)


def test_activation_takes_a_delivered_card_and_only_with_its_pin(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card(CardState.DELIVERED)
    (tap,), (pin,) = kiosk.challenges(Level.TAP), kiosk.challenges(Level.PIN)
    actor, now = city.principal("kiosk-1"), city.clock()

    with transaction(city.services.sessions) as session:
        verdicts = city.services.proofs.verify_all(
            session.connection(),
            [Attempt(card.prove(challenge), actor, now, ACTIVATION) for challenge in (tap, pin)],
        )

    assert [getattr(verdict, "code", "ok") for verdict in verdicts] == ["proof-for-another-level", "ok"]
    assert [entry.outcome for entry in city.audit("card.activate")] == ["proof-for-another-level", "ok"]


def authenticate(kiosk: ServiceClient, proof: CardProof) -> str:
    try:
        kiosk.authenticate(proof)
    except ServiceProblem as refused:
        return refused.problem.code
    return "ok"
