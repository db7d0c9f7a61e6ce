"""Citizens see their cards at a kiosk and report the other one lost, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from cardsvc.cards.models import Card
from cardsvc.client import ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.losses.models import LossReport
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, HoldReason
from cardsvc.wire.losses import Channel, LossKind
from cardsvc.wire.own_cards import OwnLoss
from tests.fixtures.proofs import City, IssuedCard
from tests.fixtures.refusals import refused

FOUND_DAYS = 15
"""As the settings have it, unless a city says otherwise."""


class Place:
    """A kiosk, and a citizen with a temporary card, whose own was forgotten; somebody else has a card, too."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.lost, self.card, self.somebodys = city.card(), city.card(), city.card()
        with transaction(city.services.sessions) as session:
            forgotten = {
                "state": CardState.HELD,
                "hold_reason": HoldReason.TEMPORARY,
                "citizen_id": self.card.citizen_id,
            }
            session.execute(update(Card).where(Card.id == self.lost.id).values(forgotten))

    def begin(self, card: IssuedCard | None = None, level: Level = Level.PIN) -> str:
        (challenge,) = self.kiosk.challenges(level)
        return self.kiosk.authenticate((card or self.card).prove(challenge)).visit_token

    def report(self, token: str | None = None) -> OwnLoss:
        return self.kiosk.report_other_card(token or self.begin())

    def states(self) -> list[CardState]:
        with reading(self.city.services.sessions) as session:
            return [session.get_one(Card, card.id).state for card in (self.lost, self.card, self.somebodys)]

    def reports(self) -> list[tuple[Any, ...]]:
        columns = (LossReport.card_id, LossReport.kind, LossReport.channel, LossReport.reported_by)
        with reading(self.city.services.sessions) as session:
            return [tuple(row) for row in session.execute(select(*columns))]


@pytest.fixture
def place(city: City) -> Place:
    return Place(city)


def test_the_other_card_is_lost_and_this_one_goes_on(place: Place) -> None:
    token = place.begin()
    said = place.report(token)

    now = place.city.clock()
    assert (said.reported_at, said.found_until) == (now, now + timedelta(days=FOUND_DAYS))
    assert place.states() == [CardState.HELD, CardState.ACTIVE, CardState.ACTIVE]
    assert place.reports() == [(place.lost.id, LossKind.LOST, Channel.KIOSK, "kiosk-1")]
    with reading(place.city.services.sessions) as session:
        assert session.get_one(Card, place.lost.id).hold_reason is HoldReason.LOST
    assert [card.here for card in place.kiosk.own_cards(token)] == [False, True]
    with pytest.raises(ServiceProblem):
        place.begin(place.lost)


def test_it_is_in_the_access_history(place: Place) -> None:
    token = place.begin()
    place.kiosk.own_cards(token)
    place.report(token)
    read = [entry.event for entry in place.kiosk.own_access_history(token).entries]

    assert {"cards.read", "card.report"} <= set(read)


def test_the_cards_are_told_without_their_numbers(place: Place) -> None:
    cards = place.kiosk.own_cards(place.begin())

    assert [(card.state, card.here) for card in cards] == [(CardState.HELD, False), (CardState.ACTIVE, True)]
    for card in cards:
        assert card.expires_on is not None
        assert card.renewal_opens_on == card.expires_on - timedelta(days=60), "as the settings have it"
    told = "".join(card.model_dump_json() for card in cards)
    assert not [each for each in (place.lost, place.card) if str(each.uuid) in told or str(each.id) in told]


def test_it_is_reported_once(place: Place) -> None:
    place.report()

    assert refused(place.report) == ("already-reported", 409)
    assert len(place.reports()) == 1


@pytest.mark.parametrize("state", [CardState.DELIVERED, CardState.REVOKED, CardState.EXPIRED])
def test_what_is_not_on_hold_is_for_the_desk(place: Place, state: CardState) -> None:
    """What was never activated would be revoked: that cannot be undone, so a PIN is not enough."""
    place.city.put_in_state(place.lost, state)

    assert refused(place.report) == ("nothing-to-report", 409)
    assert refused(place.kiosk.report_other_card, place.begin(place.somebodys)) == ("nothing-to-report", 409)
    assert place.reports() == []


def test_a_found_card_does_neither(place: Place) -> None:
    token = place.begin(level=Level.TAP)

    for call in (place.kiosk.own_cards, place.kiosk.report_other_card):
        assert refused(call, token) == ("step-up-required", 401)
    assert place.reports() == []


def test_the_visit_of_another_kiosk_does_neither(place: Place) -> None:
    token, other = place.begin(), place.city.caller("kiosk-2")

    assert refused(other.own_cards, token)[1] == refused(other.report_other_card, token)[1]
    assert place.reports() == []


def test_many_at_once_make_one_report(place: Place) -> None:
    token = place.begin()

    def once(_: int) -> str:
        try:
            place.kiosk.report_other_card(token)
        except ServiceProblem as refused:
            return refused.problem.code
        return "reported"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(once, range(20)))
    assert (said.count("reported"), said.count("already-reported")) == (1, 19)
    assert len(place.reports()) == 1
