"""The kiosk as a whole: takes events from everywhere, one at a time, and has done what the visit wants done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from cardsvc.client.clock import Clock
from kiosk.visit.acts import Finished
from kiosk.visit.effects import Effect
from kiosk.visit.events import Event, RulesChanged
from kiosk.visit.machine import Machine
from kiosk.visit.screens import KioskState

_log = structlog.get_logger()
_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state and its number; the number grows with every change."""

    version: int
    state: KioskState


Listener = Callable[[Snapshot], None]


class Booth:
    """Holds the state of the kiosk. May be used from any thread."""

    def __init__(self, machine: Machine, errand: Callable[[Effect], Event | None], clock: Clock) -> None:
        """``errand`` carries out an effect, in a thread of its own, and answers with the event that came of it."""
        self._machine = machine
        self._errand = errand
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot = Snapshot(0, machine.start())
        self._listeners: set[Listener] = set()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="errand")

    @property
    def snapshot(self) -> Snapshot:
        """The present state."""
        return self._snapshot

    @property
    def clock(self) -> Clock:
        """The kiosk's time."""
        return self._clock

    def follow(self, machine: Machine) -> None:
        """Go on by other rules, from the next event on. What is being done goes on."""
        with self._lock:
            self._machine = machine
        self.send(RulesChanged())

    def send(self, event: Event) -> Snapshot:
        """Let something happen; gives the state after it. What it sets off goes on in other threads."""
        with self._lock:
            before = self._snapshot
            state, effects = self._machine.step(before.state, event, self._clock())
            if state != before.state:
                self._snapshot = Snapshot(before.version + 1, state)
                for listener in tuple(self._listeners):
                    listener(self._snapshot)
            after = self._snapshot
        for effect in effects:
            with suppress(RuntimeError):  # closed meanwhile: what is begun now would not be finished
                self._workers.submit(self._carry_out, effect).add_done_callback(_report)
        return after

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every new state, in order; it must be quick. Gives what ends that."""
        with self._lock:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def close(self) -> None:
        """End the visit there may be, and finish what is being done. Nothing new is begun."""
        self.send(Finished())
        self._workers.shutdown(wait=True)

    def _carry_out(self, effect: Effect) -> None:
        event = self._errand(effect)
        if event is not None:
            self.send(event)


def _report(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        _log.error("errand crashed", error=type(error).__name__)
