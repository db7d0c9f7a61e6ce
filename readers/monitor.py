"""What happens at all readers, as events: readers come and go, cards come and go.

One thread blocks in SCardGetStatusChange; nothing is polled while pcscd runs. When it ends, all readers are gone; when
it runs again, they and the cards in them are reported anew. (pyscard's own monitor dies silently there.)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Protocol, Self

from readers.errors import ReaderError
from readers.pcsc import SlotState, StateWatch

_log: Final = logging.getLogger(__name__)

_RETRY: Final = (0.05, 0.1, 0.2, 0.5)
"""Seconds between attempts to reach a pcscd that is not there; the last is repeated. PC/SC cannot tell when it is."""
_SETTLING: Final = (0.1, 0.3, 1.0)
"""Seconds after which the list of readers is read once more when it has changed.

pcsc-lite before 2.0 compares the list with that of the moment when a wait begins, so a reader that comes between our
look at the list and that moment goes unnoticed, and the slots of one device do come one shortly after another.
"""
_SETTLED: Final = 10.0
"""Seconds a wait may last otherwise. It bounds what such a coincidence can cost, and what pcsc-lite does silently: when
the reset at the end of a connection fails it takes the card for absent, and wakes nobody."""


class Happening(StrEnum):
    """What an event says."""

    READER_ADDED = "reader-added"
    READER_REMOVED = "reader-removed"
    CARD_PRESENT = "card-present"
    CARD_REMOVED = "card-removed"


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """Something that happened at a reader."""

    happening: Happening
    reader: str
    """Full name."""
    atr: bytes = b""
    """Answer to reset of a card that is present."""
    mute: bool = False
    """Whether a card that is present gave no answer to reset: it may be the wrong way round."""


def differences(before: Mapping[str, SlotState], after: Mapping[str, SlotState]) -> Iterator[ReaderEvent]:
    """What happened between two looks, in an order in which it can have happened.

    A card swapped for another in no time is removed and present.
    """
    for name, was in before.items():
        now = after.get(name)
        if was.present and not (now and _same_card(was, now)):
            yield ReaderEvent(Happening.CARD_REMOVED, name)
        if now is None:
            yield ReaderEvent(Happening.READER_REMOVED, name)
    for name, now in after.items():
        earlier = before.get(name)
        if earlier is None:
            yield ReaderEvent(Happening.READER_ADDED, name)
        if now.present and not (earlier and _same_card(earlier, now)):
            yield ReaderEvent(Happening.CARD_PRESENT, name, now.atr, now.mute)


def _same_card(was: SlotState, now: SlotState) -> bool:
    return was.present and now.present and was.events == now.events and was.mute == now.mute


class Watch(Protocol):
    """What a monitor needs of a `StateWatch`."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...
    def next(self, seconds: float | None = None) -> Mapping[str, SlotState]:
        """All readers and their states, when anything changed or ``seconds`` passed."""

    def cancel(self) -> None:
        """Wake up whoever waits."""


class Monitor:
    """Calls ``on_event`` for everything that happens, from a thread of its own. Use it in a ``with`` block.

    Readers and cards that are there at the start are reported first.
    """

    def __init__(self, on_event: Callable[[ReaderEvent], object], watch: Callable[[], Watch] = StateWatch) -> None:
        """An ``on_event`` that raises is logged; it does not end the monitor."""
        self._on_event = on_event
        self._open = watch
        self._lock = threading.Lock()
        self._watch: Watch | None = None
        self._stopping = threading.Event()
        self._seen: Mapping[str, SlotState] = {}
        self._trouble: ReaderError | None = None
        self._thread = threading.Thread(target=self._run, name="reader-monitor", daemon=True)

    @property
    def trouble(self) -> ReaderError | None:
        """Why no reader can be seen now, for example PcscUnavailable; None when all is well."""
        return self._trouble

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when no event will come any more. Must not be called from ``on_event``."""
        self._stopping.set()
        with self._lock:
            watch = self._watch
        if watch is not None:
            watch.cancel()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                for _ in self._look():
                    failures, self._trouble = 0, None
            except ReaderError as error:
                self._trouble = error
                self._report({})
                self._stopping.wait(_RETRY[min(failures, len(_RETRY) - 1)])
                failures += 1

    def _look(self) -> Iterator[None]:
        """One connection to pcscd, from its beginning to its end."""
        with self._open() as watch:
            with self._lock:
                self._watch = watch
            try:
                yield from self._follow(watch)
            finally:
                with self._lock:
                    self._watch = None

    def _follow(self, watch: Watch) -> Iterator[None]:
        pauses = iter(_SETTLING)
        names: set[str] | None = None
        while not self._stopping.is_set():
            states = watch.next(next(pauses, _SETTLED))
            if set(states) != names:
                names, pauses = set(states), iter(_SETTLING)
            self._report(states)
            yield

    def _report(self, states: Mapping[str, SlotState]) -> None:
        happened = tuple(differences(self._seen, states))
        self._seen = states
        for event in happened:
            if self._stopping.is_set():
                return
            try:
                self._on_event(event)
            except Exception:  # noqa: BLE001 - the monitor must outlive whoever listens
                _log.exception("whoever was told about %s failed", event.happening)
