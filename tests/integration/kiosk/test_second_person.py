"""A colleague decides at the desk of whoever asks: with their own card, for this once, and both are on record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading
from cardsvc.wire.approvals import ApprovalKind, ApprovalState
from kiosk.desk.progress import Cancelled, Report, Stage
from kiosk.desk.seat import Seat
from kiosk.desk.second_person import Arrival, SecondPerson, asked, granting
from readers.errors import WrongPin
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.issued import issue
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City, say_who_it_is

DESK, ON_DUTY, COLLEAGUE = "desk-7", "cy", "di"


@dataclass(frozen=True)
class Counter:
    """A desk at which cy is on duty, and di's card."""

    city: City
    on_duty: ServiceClient
    second: SecondPerson
    slot: Path
    card: PersonalisedCard

    @property
    def pin(self) -> Pin:
        return Pin(self.card.pin)

    @property
    def lost(self) -> UUID:
        """A resident's card."""
        return self.city.card().uuid

    def ask(self, subject: UUID | None = None, officer: ServiceClient | None = None) -> UUID:
        return asked(officer or self.on_duty, ApprovalKind.REINSTATEMENT, subject or self.lost, "found at home").id

    def put_in(self, card: PersonalisedCard | None = None) -> None:
        put_on(self.slot, (card or self.card).state_file)


@pytest.fixture
def counter(sqlite_city: City, tmp_path: Path) -> Iterator[Counter]:
    city = sqlite_city
    on_duty = city.caller(ON_DUTY, CallerKind.OFFICER)
    city.caller(COLLEAGUE, CallerKind.OFFICER)
    card = issue(city.services, tmp_path / "di", "HQ-0002")
    with reading(city.services.sessions) as session:
        citizen = session.scalars(select(Card.citizen_id).where(Card.uuid == card.uuid)).one()
    say_who_it_is(city, COLLEAGUE, citizen)
    city.client(COLLEAGUE).confirm_card(card.uuid)
    city.caller(DESK, CallerKind.DESK)
    slot = tmp_path / "slot"
    with serving(create_app(city.services)) as url:

        def client(visit_token: str | None = None) -> ServiceClient:
            key = city.keys[DESK]
            return ServiceClient(url, DESK, key, issuer=BASE_URL, clock=city.clock, visit_token=visit_token)

        with client() as itself:
            seat = Seat(itself, client, city.clock)
            yield Counter(city, on_duty, SecondPerson(seat, lambda: LoopbackReader(slot)), slot, card)


def test_a_colleague_grants_what_was_asked_for_and_both_are_on_record(counter: Counter) -> None:
    approval = counter.ask()
    counter.put_in()
    granted = counter.second.decides(counter.pin, granting(approval))
    assert (granted.requested_by, granted.decided_by) == (ON_DUTY, COLLEAGUE)
    assert granted.state is ApprovalState.APPROVED
    assert [record.actor for record in counter.city.audit("approval.request")] == [ON_DUTY]
    assert [record.actor for record in counter.city.audit("approval.approve")] == [COLLEAGUE]


def test_what_was_asked_for_a_moment_ago_is_not_asked_for_twice(counter: Counter) -> None:
    lost = counter.lost
    approval = counter.ask(lost)
    assert counter.ask(lost) == approval
    counter.put_in()
    counter.second.decides(counter.pin, granting(approval))
    granted = asked(counter.on_duty, ApprovalKind.REINSTATEMENT, lost, "found at home")
    assert (granted.id, granted.state) == (approval, ApprovalState.APPROVED)


def test_a_yes_whose_answer_did_not_come_is_said_again_and_counts_once(counter: Counter) -> None:
    approval, act = counter.ask(), uuid4()
    counter.put_in()
    first = counter.second.decides(counter.pin, granting(approval), act)
    assert counter.second.decides(counter.pin, granting(approval), act) == first
    with pytest.raises(ServiceProblem):
        counter.second.decides(counter.pin, granting(approval), uuid4())
    assert len(counter.city.audit("approval.approve")) == 1


def test_whoever_does_not_wait_any_longer_has_decided_nothing(counter: Counter) -> None:
    approval, asked_whether = counter.ask(), count()
    counter.put_in()
    for wanted in range(3):  # before the PIN, before the officer is known, before the decision
        unwanted = Report(unwanted=lambda: next(asked_whether) >= wanted)  # noqa: B023 - used here
        with pytest.raises(Cancelled):
            counter.second.decides(counter.pin, granting(approval), report=unwanted)
        asked_whether = count()
    (still,) = counter.on_duty.approvals()
    assert still.state is ApprovalState.REQUESTED


def test_nobody_is_the_second_person_of_what_they_asked_for(counter: Counter) -> None:
    approval = counter.ask(officer=counter.city.client(COLLEAGUE))
    counter.put_in()
    with pytest.raises(ServiceProblem, match="same-person"):
        counter.second.decides(counter.pin, granting(approval))


def test_nobody_decides_about_their_own_card(counter: Counter) -> None:
    approval = counter.ask(counter.card.uuid)
    counter.put_in()
    with pytest.raises(ServiceProblem, match="recipient-decides"):
        counter.second.decides(counter.pin, granting(approval))


def test_a_wrong_pin_decides_nothing(counter: Counter) -> None:
    approval = counter.ask()
    counter.put_in()
    with pytest.raises(WrongPin):
        counter.second.decides(Pin("918273"), granting(approval))
    (still,) = counter.on_duty.approvals()
    assert still.state is ApprovalState.REQUESTED


def test_a_card_that_lies_in_the_reader_has_to_come_out_first(counter: Counter) -> None:
    counter.put_in()
    seen: list[Stage] = []
    taken_out = threading.Event()

    def tell(stage: Stage) -> None:
        seen.append(stage)
        if stage.step == Arrival.TAKE_OUT:
            take_off(counter.slot)
            taken_out.set()
        elif taken_out.is_set():
            counter.put_in()

    counter.second.arrives(Report(tell))
    assert [stage.step for stage in seen] == [Arrival.TAKE_OUT, Arrival.PUT_IN]


@pytest.mark.parametrize("there", [True, False])
def test_waiting_for_a_colleague_ends_when_nobody_wants_it_any_more(counter: Counter, *, there: bool) -> None:
    if there:
        counter.put_in()
    unwanted = threading.Event()
    threading.Timer(0.5, unwanted.set).start()
    with pytest.raises(Cancelled):
        counter.second.arrives(Report(unwanted=unwanted.is_set))
