"""A card being made in a reader: who may have the reader, and what is gone on with after a break."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from cardsvc.wire.lifecycle import Application, ApplicationKind, ApplicationState, Card, CardState, Person
from kiosk.desk.issuing import Situation
from kiosk.desk.making import Making
from kiosk.desk.relay import RelayBroken, RelayRefused
from kiosk.desk.writing import Aftermath, Timing, Written
from readers.errors import CardRemoved
from readers.piv.pin import Pin

CARD = Card(
    uuid=UUID(int=7), state=CardState.RESERVED, stock_number="HQ-0001", expires_on=None, temporary=False, history=[]
)
FAILED = RelayRefused("card-failed", "torn out")


def application() -> Application:
    person = Person(
        name="何慧君", name_latin=None, birth_date=date(1994, 6, 18), document_number="H0000001", district="hengqin"
    )
    return Application(
        id=UUID(int=1), state=ApplicationState.APPROVED, kind=ApplicationKind.FIRST, person=person,
        citizen_id=UUID(int=2), requested_by="ana", responsible="ana", history=[],
    )  # fmt: skip


@pytest.fixture
def making() -> Making:
    """With a card taken, being written."""
    one = Making(application())
    one.take()
    one.took(CARD)
    one.begin()
    return one


def test_a_reader_is_free_until_it_has_an_application_and_once_its_card_is_sealed(making: Making) -> None:
    assert Making().free
    assert not Making().can_be_written
    given = Making(application())
    assert (given.free, given.may_yield, given.can_be_written) == (False, True, True)
    assert (making.free, making.may_yield, making.can_be_put_aside) == (False, False, False)
    making.sealed(Written(CARD.uuid, Pin("271828"), Timing((), 1.0, 0.5, 60)))
    assert (making.free, making.can_be_written, making.can_be_put_aside) == (True, False, False)


def test_while_the_service_is_asked_for_the_card_nothing_else_comes_in_between() -> None:
    making = Making(application())
    making.take()
    assert (making.free, making.may_yield, making.can_be_written) == (False, False, False)
    making.took(None)  # it refused
    assert (making.card, making.may_yield) == (None, True)


@pytest.mark.parametrize("situation", list(Situation))
def test_a_torn_card_is_gone_on_with_as_soon_as_it_is_seen_again(making: Making, situation: Situation) -> None:
    assert not making.resumes(situation)
    again = making.broke(FAILED)
    assert making.came_out(Aftermath.GOES_ON, again=again)
    assert making.can_be_put_aside
    goes_on = {Situation.BLANK, Situation.BEGUN, Situation.BEGUN_ONE_OF_SEVERAL, Situation.UNJUDGED}
    assert making.resumes(situation) is (situation in goes_on)
    making.begin()
    assert not making.resumes(situation)


@pytest.mark.parametrize("error", [FAILED, RelayBroken(), CardRemoved("transmit")], ids=lambda one: type(one).__name__)
def test_it_is_gone_on_with_five_times_and_then_left_to_the_clerk(making: Making, error: Exception) -> None:
    said = []
    for _ in range(6):
        making.begin()
        said.append(making.broke(error))
    assert said == [True] * 5 + [False]


@pytest.mark.parametrize("error", [None, RelayRefused("card-not-blank", "issued before")], ids=["stopped", "refused"])
def test_what_was_stopped_or_refused_is_not_gone_on_with_by_itself(making: Making, error: Exception | None) -> None:
    assert not making.came_out(Aftermath.GOES_ON, again=making.broke(error))
    assert not making.resumes(Situation.BEGUN)
    assert making.can_be_written


@pytest.mark.parametrize("after", [Aftermath.QUARANTINED, Aftermath.OVER])
def test_after_a_card_that_is_over_another_one_is_taken(making: Making, after: Aftermath) -> None:
    assert not making.came_out(after, again=making.broke(FAILED))
    assert (making.card, making.can_be_written, making.can_be_put_aside) == (None, True, False)
