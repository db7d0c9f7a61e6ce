from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import PcscUnavailable
from readers.monitor import Happening, Monitor, ReaderEvent, differences
from readers.pcsc import SlotState

EMPTY = SlotState(present=False, mute=False, events=0, atr=b"")
CARD = SlotState(present=True, mute=False, events=1, atr=b"\x3b\x00")
LATER = SlotState(present=True, mute=False, events=3, atr=b"\x3b\x00")
MUTE = SlotState(present=True, mute=True, events=1, atr=b"")

ADDED, REMOVED, PRESENT, GONE = (
    Happening.READER_ADDED,
    Happening.READER_REMOVED,
    Happening.CARD_PRESENT,
    Happening.CARD_REMOVED,
)


@pytest.mark.parametrize(
    ("before", "after", "happened"),
    [
        ({}, {"a": EMPTY}, [ADDED]),
        ({}, {"a": CARD}, [ADDED, PRESENT]),
        ({"a": EMPTY}, {"a": CARD}, [PRESENT]),
        ({"a": CARD}, {"a": EMPTY}, [GONE]),
        ({"a": CARD}, {"a": CARD}, []),
        ({"a": CARD}, {"a": LATER}, [GONE, PRESENT]),
        ({"a": CARD}, {"a": MUTE}, [GONE, PRESENT]),
        ({"a": CARD}, {}, [GONE, REMOVED]),
        ({"a": EMPTY}, {}, [REMOVED]),
        ({"a": EMPTY}, {"b": EMPTY}, [REMOVED, ADDED]),
    ],
)
def test_what_happened_between_two_looks(
    before: Mapping[str, SlotState], after: Mapping[str, SlotState], happened: list[Happening]
) -> None:
    assert [event.happening for event in differences(before, after)] == happened


slots = st.dictionaries(
    st.sampled_from("abc"),
    st.builds(
        lambda present, events: SlotState(present=present, mute=False, events=events, atr=b""),
        st.booleans(),
        st.integers(0, 3),
    ),
)


@given(st.lists(slots, min_size=1))
def test_whoever_follows_the_events_knows_what_is_there(looks: list[dict[str, SlotState]]) -> None:
    readers: set[str] = set()
    cards: set[str] = set()
    moves = {ADDED: (readers.add, readers), REMOVED: (readers.remove, readers), PRESENT: (cards.add, cards)}
    for before, after in zip([{}, *looks], looks, strict=False):
        for event in differences(before, after):
            if event.happening is GONE:
                cards.remove(event.reader)
                continue
            move, where = moves[event.happening]
            assert (event.reader in where) is (event.happening is REMOVED)
            move(event.reader)
            assert cards <= readers
        assert readers == set(after)
        assert cards == {name for name, slot in after.items() if slot.present}


class Watch:
    """Gives the looks it is told to; blocks when there are no more."""

    def __init__(self, looks: list[Mapping[str, SlotState] | PcscUnavailable]) -> None:
        self._looks = looks
        self._cancelled = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def next(self, seconds: float | None = None) -> Mapping[str, SlotState]:
        if not self._looks:
            self._cancelled.wait()
            return {}
        look = self._looks.pop(0)
        if isinstance(look, PcscUnavailable):
            raise look
        return look

    def cancel(self) -> None:
        self._cancelled.set()


def test_after_an_error_everything_is_gone_and_then_found_again() -> None:
    heard: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    watches = iter([Watch([{"a": CARD}, PcscUnavailable("ended")]), Watch([{"a": CARD}])])
    with Monitor(heard.put, lambda: next(watches)) as monitor:
        expected = [ADDED, PRESENT, GONE, REMOVED, ADDED, PRESENT]
        assert [heard.get(timeout=60).happening for _ in expected] == expected
    assert heard.empty()
    assert monitor.trouble is None


def test_it_says_why_it_sees_nothing_and_stops_while_it_does_not() -> None:
    tried = threading.Semaphore(0)

    def no_pcscd() -> Watch:
        tried.release()
        raise PcscUnavailable("not running")

    with Monitor(print, no_pcscd) as monitor:
        for _ in range(3):
            assert tried.acquire(timeout=60)
        assert isinstance(monitor.trouble, PcscUnavailable)


def test_a_listener_that_fails_is_told_of_the_next_event_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listener(event: ReaderEvent) -> None:
        heard.put(event.happening)
        raise ValueError("mine")

    with Monitor(listener, lambda: Watch([{"a": CARD}])):
        assert [heard.get(timeout=60), heard.get(timeout=60)] == [ADDED, PRESENT]
    assert "whoever was told" in caplog.text
