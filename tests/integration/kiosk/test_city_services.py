"""The city's own services at a kiosk, on the real card service."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from cardsvc.cards.models import Card
from cardsvc.client import ServiceProblem
from cardsvc.db import transaction
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import Language, Outcome
from kiosk.city_services.offering import DEPARTMENT, CityServices, UnknownCityService
from kiosk.city_services.texts import texts
from kiosk.departments.cli import DEPARTMENTS
from tests.fixtures.proofs import City, IssuedCard

NAMES = {"medical-insurance": texts("Medical Insurance", "医疗保险", "Seguro de Saúde")}


class Booth:
    """A kiosk with a citizen's card in the slot, and the PIN entered."""

    def __init__(self, city: City) -> None:
        self.kiosk = city.caller("kiosk-1")
        self.city, self.card = city, city.card()
        city.department("medical-insurance")
        self.services = CityServices(self.kiosk, lambda: NAMES, city.clock)

    def begin(self, level: Level = Level.PIN, card: IssuedCard | None = None) -> str:
        (challenge,) = self.kiosk.challenges(level)
        return self.kiosk.authenticate((card or self.card).prove(challenge)).visit_token

    def serve(self, code: str, **entered: Any) -> Outcome:
        return self.services.serve(code, self.begin(), entered)


@pytest.fixture
def booth(sqlite_city: City) -> Booth:
    return Booth(sqlite_city)


def said(outcome: Outcome) -> str:
    return outcome.title[Language.ENGLISH]


def test_the_kiosk_can_draw_all_of_them_and_each_takes_the_pin(booth: Booth) -> None:
    offers = booth.services.offers

    assert [offer.service for offer in offers] == list(booth.services.manifest.services)
    assert {offer.service.level for offer in offers} == {Level.PIN}
    assert all(offer.own for offer in offers)
    assert DEPARTMENT not in DEPARTMENTS


def choices(booth: Booth, code: str) -> list[str]:
    (form,) = [offer.form for offer in booth.services.offers if offer.service.code == code]
    return [choice.value for field in form.fields for choice in field.choices]


def test_a_card_is_locked_for_a_level_or_a_department_and_unlocked_where_the_pin_still_opens_that(booth: Booth) -> None:
    assert choices(booth, "lock-card") == ["level:tap", "level:sign", "level:pin", "medical-insurance"]
    assert choices(booth, "unlock-card") == ["level:tap", "level:sign", "medical-insurance"]


def test_a_card_that_is_locked_for_taps_opens_nothing_when_it_is_held(booth: Booth) -> None:
    locked = booth.serve("lock-card", what="level:tap")
    assert [line.label[Language.ENGLISH] for line in locked.fields] == ["Everything without a PIN"]
    with pytest.raises(ServiceProblem) as refused:
        booth.begin(Level.TAP)
    assert refused.value.problem.code == "locked-by-citizen"

    assert booth.serve("unlock-card", what="level:tap").fields == ()
    booth.begin(Level.TAP)


def test_a_card_is_locked_and_unlocked(booth: Booth) -> None:
    assert said(booth.serve("card-locks")) == "Your card is not locked"
    locked = booth.serve("lock-card", what="medical-insurance")
    assert [line.label[Language.CHINESE] for line in locked.fields] == ["医疗保险"]
    with pytest.raises(ServiceProblem) as refused:
        booth.kiosk.exchange(booth.begin(), "medical-insurance", "balance", [])
    assert refused.value.problem.code == "locked-by-citizen"

    assert booth.serve("unlock-card", what="medical-insurance").fields == ()
    booth.kiosk.exchange(booth.begin(), "medical-insurance", "balance", [])


def test_the_history_tells_what_was_done_under_the_moment_of_its_receipt(booth: Booth) -> None:
    locked = booth.serve("lock-card", what="medical-insurance")
    history = booth.serve("access-history")

    moment = booth.city.clock().strftime("%Y%m%d")
    assert locked.receipt.startswith(f"CS-{moment}-")
    values = [line.value[Language.ENGLISH] for line in history.fields if isinstance(line.value, dict)]
    assert any("lock" in value.lower() for value in values)
    assert not [line for line in history.fields if line.prominent], "no entry is missing"


def test_the_other_card_is_reported_lost(booth: Booth) -> None:
    other = booth.city.card()
    with transaction(booth.city.services.sessions) as session:
        session.execute(
            update(Card).where(Card.id == other.id).values(citizen_id=booth.card.citizen_id, state=CardState.HELD)
        )
    reported = booth.serve("other-card-lost")
    cards = booth.serve("my-cards")

    assert said(reported) == "Your other card is reported lost"
    states = [line.value[Language.ENGLISH] for line in cards.fields if isinstance(line.value, dict)]
    assert states == ["in force · until 2028-01-01", "on hold · until 2028-01-01"]


@pytest.mark.parametrize("code", ["access-history", "my-cards", "other-card-lost", "card-locks"])
def test_a_tap_is_not_enough(booth: Booth, code: str) -> None:
    with pytest.raises(ServiceProblem) as refused:
        booth.services.serve(code, booth.begin(Level.TAP), {})
    assert refused.value.problem.code == "step-up-required"


def test_there_is_no_other(booth: Booth) -> None:
    with pytest.raises(UnknownCityService):
        booth.serve("change-pin")
