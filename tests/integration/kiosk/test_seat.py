"""An officer's card in a desk's reader: signing in, staying, leaving, and everything that is in the way of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import httpx
import pytest
from sqlalchemy import select

from cardsvc.app import create_app
from cardsvc.authentication.models import Visit
from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.db import reading, transaction
from cardsvc.trust.certificates import put_into_force
from cardsvc.wire.lifecycle import CardState
from kiosk.desk.duty import Duty
from kiosk.desk.progress import Cancelled
from kiosk.desk.seat import PinForgotten, Seat, Sitting
from readers.errors import CardRemoved, NoCard, PinBlocked, WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City, say_who_it_is

DESK, OFFICER = "desk-7", "cy"

_PATIENCE: Final = 90.0
"""Seconds: only if it never comes."""


@dataclass(frozen=True)
class Desk:
    """A desk with a reader, and an officer with a card."""

    city: City
    seat: Seat
    slot: Path
    card: PersonalisedCard

    @property
    def reader(self) -> LoopbackReader:
        return LoopbackReader(self.slot)

    @property
    def pin(self) -> Pin:
        return Pin(self.card.pin)

    @contextmanager
    def signed_in(self) -> Iterator[Sitting]:
        with self.seat.taken(self.reader, self.pin) as sitting:
            yield sitting

    def status_of(self, token: str) -> int:
        answer = self.city.http().get("/v1/applications", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    def going_on(self) -> int:
        """How many visits nobody has ended."""
        with reading(self.city.services.sessions) as session:
            return len(session.scalars(select(Visit).where(Visit.ended_at.is_(None))).all())


@pytest.fixture
def desk(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path) -> Iterator[Desk]:
    city = sqlite_city
    city.caller(OFFICER, CallerKind.OFFICER)
    with transaction(city.services.sessions) as session:
        card = session.scalars(select(Card).where(Card.uuid == service_card.uuid)).one()
        card.state = CardState.ACTIVE
        put_into_force(session, card.id)
        citizen = card.citizen_id
    say_who_it_is(city, OFFICER, citizen)
    city.client(OFFICER).confirm_card(card.uuid)
    city.caller(DESK, CallerKind.DESK)
    put_on(tmp_path / "slot", service_card.state_file)
    with serving(create_app(city.services)) as url:

        def client(visit_token: str | None = None) -> ServiceClient:
            key = city.keys[DESK]
            return ServiceClient(url, DESK, key, issuer=BASE_URL, clock=city.clock, visit_token=visit_token)

        with client() as itself:
            yield Desk(city, Seat(itself, client, city.clock), tmp_path / "slot", service_card)


def test_an_officer_signs_in_and_out(desk: Desk) -> None:
    with desk.signed_in() as sitting:
        assert [one.responsible for one in sitting.officer.applications()] == ["ana"]
        assert sitting.card_uuid == desk.card.uuid
        token = sitting.officer.access_token()
        assert desk.status_of(token) == 200
        assert desk.going_on() == 1
    assert desk.status_of(token) == 401
    assert desk.going_on() == 0


def test_an_hour_at_the_desk_takes_the_pin_once(desk: Desk) -> None:
    with desk.signed_in() as sitting:
        for _ in range(2 * 60):
            desk.city.clock.advance(seconds=30)
            sitting.tend()
        assert [one.responsible for one in sitting.officer.applications()] == ["ana"]
        assert len(desk.city.audit("authentication")) == 1 + 7  # another visit every eight minutes
    assert desk.going_on() == 8 - 2  # the other six were over by themselves


def test_the_card_is_taken_out(desk: Desk) -> None:
    with desk.signed_in() as sitting:
        take_off(desk.slot)
        with pytest.raises(CardRemoved):
            sitting.tend()
    assert desk.going_on() == 0


def test_the_card_was_reset(desk: Desk) -> None:
    with desk.signed_in() as sitting:
        sitting._session.connection.reset()
        PivSession.open(sitting._session.connection)
        with pytest.raises(PinForgotten):
            sitting.tend()
    assert desk.going_on() == 0


def test_a_wrong_pin_says_how_many_tries_are_left(desk: Desk) -> None:
    with pytest.raises(WrongPin) as wrong, desk.seat.taken(desk.reader, Pin("918273")):
        raise AssertionError
    assert wrong.value.tries_left == 2
    assert desk.city.audit("authentication") == []
    for _ in range(2):
        with pytest.raises((WrongPin, PinBlocked)), desk.seat.taken(desk.reader, Pin("918273")):
            raise AssertionError
    with pytest.raises(PinBlocked), desk.signed_in():
        raise AssertionError


def test_an_empty_reader(desk: Desk) -> None:
    take_off(desk.slot)
    with pytest.raises(NoCard), desk.signed_in():
        raise AssertionError


def test_a_resident_who_is_no_officer_is_not_signed_in_and_leaves_nothing_open(desk: Desk) -> None:
    say_who_it_is(desk.city, OFFICER, None)
    with pytest.raises(ServiceProblem, match="card-of-no-officer"), desk.signed_in():
        raise AssertionError
    assert desk.going_on() == 0


def test_while_the_service_is_away_no_try_is_spent(desk: Desk) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    key = desk.city.keys[DESK]
    seat = Seat(
        ServiceClient(BASE_URL, DESK, key, clock=desk.city.clock, transport=httpx.MockTransport(away)),
        lambda _: desk.city.client(DESK),
        desk.city.clock,
    )
    with pytest.raises(ServiceUnreachable), seat.taken(desk.reader, Pin("918273")):
        raise AssertionError
    with desk.reader.connect() as connection:
        assert PivSession.open(connection).pin_tries_left() == 3


@dataclass
class SlowLine(httpx.BaseTransport):
    """To the service. What is sent to this path gets there once the line is back."""

    inner: httpx.BaseTransport
    path: str = "/v1/visits/end"
    asked: threading.Event = field(default_factory=threading.Event)
    back: threading.Event = field(default_factory=threading.Event)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self.path:
            self.asked.set()
            assert self.back.wait(_PATIENCE)
        return self.inner.handle_request(request)


def take_out(desk: Desk, _: Duty) -> None:
    take_off(desk.slot)


def leave(_: Desk, duty: Duty) -> None:
    duty.leave()


@pytest.mark.parametrize(("how", "why"), [(take_out, CardRemoved), (leave, type(None))])
def test_the_screen_is_locked_before_the_service_has_heard_of_it(
    desk: Desk, how: Callable[[Desk, Duty], None], why: type[object]
) -> None:
    line, ended = SlowLine(desk.city.transport), SimpleQueue[Exception | None]()
    duty = duty_over(desk, line, ended)
    assert duty.begin(desk.pin).standing.client_id == OFFICER
    try:
        how(desk, duty)
        assert isinstance(ended.get(timeout=_PATIENCE), why)
        assert (duty.over, desk.going_on()) == (True, 1)
    finally:
        line.back.set()
        duty.end()
    assert (desk.going_on(), ended.empty()) == (0, True)


def test_that_the_card_is_out_is_heard_while_the_service_does_not_answer(desk: Desk) -> None:
    line, ended = SlowLine(desk.city.transport, "/v1/visits/keep"), SimpleQueue[Exception | None]()
    duty = duty_over(desk, line, ended)
    duty.begin(desk.pin)
    try:
        desk.city.clock.advance(seconds=31)
        assert line.asked.wait(_PATIENCE)
        take_off(desk.slot)
        assert isinstance(ended.get(timeout=_PATIENCE), CardRemoved)
        assert duty.over
    finally:
        line.back.set()
        duty.end()
    assert (desk.going_on(), ended.empty()) == (0, True)


@pytest.mark.parametrize(("path", "begun"), [("/v1/challenges", 0), ("/v1/authentications", 1)])
def test_whoever_does_not_wait_any_longer_is_not_signed_in(desk: Desk, path: str, begun: int) -> None:
    """Where the PIN was not used before, it is not; where a visit was begun, it is ended."""
    line, ended, stopped = SlowLine(desk.city.transport, path), SimpleQueue[Exception | None](), threading.Event()
    duty, told = duty_over(desk, line, ended), SimpleQueue[Exception]()

    def check() -> None:
        if stopped.is_set():
            raise Cancelled

    def sign_in() -> None:
        with pytest.raises(Cancelled) as refused:
            duty.begin(desk.pin, check)
        told.put(refused.value)

    first = threading.Thread(target=sign_in)
    first.start()
    assert line.asked.wait(_PATIENCE)
    stopped.set()
    duty.leave()
    second = threading.Thread(target=sign_in)  # which waits for the first, and is not wanted any more either
    second.start()
    line.back.set()
    for thread in (first, second):
        thread.join()
        assert isinstance(told.get(timeout=_PATIENCE), Cancelled)
    assert (desk.going_on(), ended.empty()) == (0, True)
    with desk.reader.connect() as connection:
        assert PivSession.open(connection).pin_tries_left() == 3
    assert len(desk.city.audit("authentication")) == begun
    stopped.clear()
    assert duty.begin(desk.pin, check).standing.client_id == OFFICER
    duty.end()


def duty_over(desk: Desk, line: SlowLine, ended: SimpleQueue[Exception | None]) -> Duty:
    """Over a line of the desk's own; the officer's is a good one."""
    key, clock = desk.city.keys[DESK], desk.city.clock
    itself = ServiceClient(BASE_URL, DESK, key, clock=clock, transport=line)
    return Duty(Seat(itself, desk.seat._open_for, clock), lambda: desk.reader, ended.put, clock=clock)
