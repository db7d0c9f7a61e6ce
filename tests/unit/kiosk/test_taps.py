"""The reader loops: what they report, and that they outlive every card and every reader."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import pytest

from cardsvc.wire.levels import Level
from kiosk.taps import InsertSide, ReaderLoop, TapSide
from kiosk.visit import events
from kiosk.visit.events import Authenticated, Event
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Trouble
from readers.connection import CardConnection, CardReader
from readers.errors import CardMute, NoSuchReader, ReaderError, ReaderFailed
from tests.fixtures.services import NOW

ANA = UUID(int=1, version=4)
WHO = Authenticated(ANA, Level.TAP, "token", NOW)
SECONDS = 20.0


class Bench:
    """A reader whose card comes, goes and fails as the test says."""

    name = "bench"
    contactless = True

    def __init__(self) -> None:
        self._present: queue.Queue[bool | ReaderError] = queue.Queue()
        self._gone: queue.Queue[bool | ReaderError] = queue.Queue()

    def put_on(self) -> None:
        self._present.put(item=True)

    def take_off(self) -> None:
        self._gone.put(item=True)

    def fail(self, error: ReaderError) -> None:
        self._present.put(error)

    def fail_with_card(self, error: ReaderError) -> None:
        self._gone.put(error)

    def connect(self) -> AbstractContextManager[CardConnection]:
        raise NotImplementedError

    def wait_for_card(self, timeout: float | None = None) -> bool:
        return _next(self._present)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        return _next(self._gone)

    def cancel(self) -> None:
        self._present.put(item=False)
        self._gone.put(item=False)


def _next(happening: queue.Queue[bool | ReaderError]) -> bool:
    what = happening.get()
    if isinstance(what, ReaderError):
        raise what
    return what


class Report:
    """What a loop reports."""

    def __init__(self) -> None:
        self._events: queue.Queue[Event] = queue.Queue()

    def __call__(self, event: Event) -> None:
        self._events.put(event)

    def next(self, count: int = 1) -> list[Event]:
        return [self._events.get(timeout=SECONDS) for _ in range(count)]

    @property
    def empty(self) -> bool:
        return self._events.empty()


@contextmanager
def running(loop: ReaderLoop) -> Iterator[None]:
    loop.start()
    try:
        yield
    finally:
        loop.stop()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def report() -> Report:
    return Report()


def tap_side(report: Report, prove: Callable[[CardReader], Authenticated] = lambda _: WHO) -> TapSide:
    return TapSide(lambda reader: events.Tapped(prove(reader)), lambda: True, report)


def test_a_card_held_is_tapped_once_however_long_it_stays(bench: Bench, report: Report) -> None:
    with running(ReaderLoop(lambda: bench, tap_side(report), report)):
        bench.put_on()
        assert report.next(2) == [events.CardHeld(), events.Tapped(WHO)]
        bench.take_off()
        bench.put_on()
        assert report.next(3) == [events.CardLifted(), events.CardHeld(), events.Tapped(WHO)]
        bench.take_off()
        assert report.next() == [events.CardLifted()]
    assert report.empty


def test_an_unwelcome_card_is_reported_and_not_even_read(bench: Bench, report: Report) -> None:
    def read(_: CardReader) -> events.Event:
        raise AssertionError("read")

    with running(ReaderLoop(lambda: bench, TapSide(read, lambda: False, report), report)):
        bench.put_on()
        bench.take_off()
        assert report.next(2) == [events.SecondCardHeld(), events.SecondCardGone()]
    assert report.empty


@pytest.mark.parametrize(
    ("error", "code"), [(CardMute("mute"), "card-mute"), (ZeroDivisionError("a bug"), "unexpected")]
)
def test_whatever_goes_wrong_with_a_card_is_said_and_the_next_is_read(
    bench: Bench, report: Report, error: Exception, code: str
) -> None:
    outcomes: Iterator[Exception | None] = iter([error, None])

    def prove(_: CardReader) -> Authenticated:
        if wrong := next(outcomes):
            raise wrong
        return WHO

    with running(ReaderLoop(lambda: bench, tap_side(report, prove), report)):
        bench.put_on()
        assert report.next(2) == [events.CardHeld(), events.TapRefused(Reason(code))]
        bench.take_off()
        bench.put_on()
        assert report.next(3) == [events.CardLifted(), events.CardHeld(), events.Tapped(WHO)]


def test_a_card_put_in_and_taken_out_is_reported(bench: Bench, report: Report) -> None:
    with running(ReaderLoop(lambda: bench, InsertSide(lambda _: events.CardInserted(ANA), report), report)):
        bench.put_on()
        assert report.next() == [events.CardInserted(ANA)]
        bench.take_off()
        assert report.next() == [events.CardTaken()]


def test_a_card_that_cannot_be_read_is_reported_too(bench: Bench, report: Report) -> None:
    def identify(_: CardReader) -> events.CardInserted:
        raise CardMute("wrong way round")

    with running(ReaderLoop(lambda: bench, InsertSide(identify, report), report)):
        bench.put_on()
        assert report.next() == [events.CardUnreadable(Reason("card-mute"))]


def test_a_reader_that_fails_is_opened_again(bench: Bench, report: Report) -> None:
    opened = []

    def open_reader() -> Bench:
        opened.append(1)
        if len(opened) == 2:
            raise NoSuchReader("bench")
        return bench

    with running(ReaderLoop(open_reader, tap_side(report), report)):
        bench.fail(ReaderFailed(0x8010001D, "wait"))
        assert report.next() == [events.TroubleSeen(Trouble.CONTACTLESS_READER)]
        assert report.next() == [events.TroubleSeen(Trouble.CONTACTLESS_READER)]
        bench.put_on()
        assert report.next(3) == [
            events.TroubleGone(Trouble.CONTACTLESS_READER),
            events.CardHeld(),
            events.Tapped(WHO),
        ]


def test_a_reader_lost_with_a_card_in_it_counts_as_the_card_taken(bench: Bench, report: Report) -> None:
    with running(ReaderLoop(lambda: bench, InsertSide(lambda _: events.CardInserted(ANA), report), report)):
        bench.put_on()
        bench.fail_with_card(ReaderFailed(0x8010001D, "wait"))
        assert report.next(3) == [
            events.CardInserted(ANA),
            events.CardTaken(),
            events.TroubleSeen(Trouble.CONTACT_READER),
        ]


def test_a_reader_that_is_not_there_yet_is_looked_for(report: Report) -> None:
    def missing() -> CardReader:
        raise NoSuchReader("bench")

    with running(ReaderLoop(missing, tap_side(report), report)):
        assert report.next(2) == [events.TroubleSeen(Trouble.CONTACTLESS_READER)] * 2
