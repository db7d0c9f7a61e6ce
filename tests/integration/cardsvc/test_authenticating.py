"""A card proves itself over HTTP, on both databases: what is accepted, what is refused, and what is written down."""

from __future__ import annotations

import pytest

from cardsvc.client import ServiceProblem
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from tests.fixtures.proofs import City


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
