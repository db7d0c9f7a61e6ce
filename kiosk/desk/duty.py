"""Who is on duty at a desk: the officer whose card is in the desk's reader, until it is taken out.

A thread holds the card meanwhile, and keeps the service informed, which may take long. A second one does nothing but
wait for the card to be taken out: that is heard at once, however slow the service is. Nothing here knows of windows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from cardsvc.client import ServiceUnreachable
from cardsvc.client.clock import Clock, system_clock
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.progress import Cancelled
from kiosk.desk.seat import TENDED_EVERY, Seat, Sitting
from readers.connection import CardReader
from readers.errors import CardRemoved
from readers.piv.pin import Pin

_LOOK_SECONDS: Final = 0.3
"""How often it is looked whether it is time to tend; that the card was taken out is heard at once."""


class Duty:
    """Signs officers in and out, one at a time."""

    def __init__(
        self,
        seat: Seat,
        reader: Callable[[], CardReader],
        ended: Callable[[Exception | None], None],
        reached: Callable[[bool], None] = lambda _: None,
        clock: Clock = system_clock,
    ) -> None:
        """Both are called in threads of the duty.

        ``ended`` is told why a duty is over, None when the officer left; ``reached`` whether the service was.
        """
        self._seat = seat
        self._reader = reader
        self._ended = ended
        self._reached = reached
        self._clock = clock
        self._leaving = threading.Event()
        self._over = threading.Event()
        self._telling_one = threading.Lock()
        self._beginning = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def over(self) -> bool:
        """Whether the last duty has ended; it can be so soon that ``ended`` is told before `begin` returns."""
        return self._over.is_set()

    def begin(self, pin: Pin, check: Callable[[], None] = lambda: None) -> OnDuty:
        """Sign in whose card is in the reader. Raises what `Seat.taken` raises.

        Whoever does not want to wait any longer has ``check`` raise from then on, and calls `leave`.
        """
        begun: Future[OnDuty] = Future()
        pins = [pin]
        del pin
        with self._beginning:  # one that is not waited for may still be ending the duty before
            self.end()
            self._leaving.clear()
            self._over.clear()
            check()
            self._thread = threading.Thread(target=self._hold, args=(pins, begun), name="duty", daemon=True)
            self._thread.start()
        return begun.result()

    def leave(self) -> None:
        """Sign out, or not in. ``ended`` is told soon; `end` and the next `begin` wait until the service knows."""
        self._leaving.set()

    def end(self) -> None:
        """Sign out, and wait until the service has heard of it. Nothing happens when nobody is on duty."""
        thread, self._thread = self._thread, None
        self._leaving.set()
        if thread is not None:
            thread.join()

    def _hold(self, pins: list[Pin], begun: Future[OnDuty]) -> None:
        """``pins`` holds the one that is used; nothing holds it afterwards."""
        try:
            reader = self._reader()
            with self._seat.taken(reader, pins.pop(), self._check) as sitting:
                since = self._clock()
                begun.set_result(OnDuty(sitting.officer, sitting.officer.own_standing()))
                with self._watching(reader), self._telling():
                    self._stay(sitting, since)
        except Exception as error:  # noqa: BLE001 - it goes to whoever signed in; the window was told
            if not begun.done():
                begun.set_exception(error)

    def _check(self) -> None:
        if self._leaving.is_set():
            raise Cancelled

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """The window is told before the service: without a line that takes long, and a person may be on the screen."""
        try:
            yield
        except Exception as error:
            self._tell(error)
            raise
        self._tell(None)

    def _tell(self, why: Exception | None) -> None:
        """Once: whoever sees first that it is over."""
        with self._telling_one:
            if self._over.is_set():
                return
            self._over.set()
        self._leaving.set()
        self._ended(why)

    @contextmanager
    def _watching(self, reader: CardReader) -> Iterator[None]:
        """Looks at the reader, not at the card, which is ours in the other thread."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(reader, done), name="duty watch", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, reader: CardReader, done: threading.Event) -> None:
        why: Exception = CardRemoved()
        try:
            while not reader.wait_for_removal(_LOOK_SECONDS):
                if done.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - a card that cannot be watched is as good as gone
            why = error
        self._tell(why)

    def _stay(self, sitting: Sitting, tended: datetime) -> None:
        while not self._leaving.wait(_LOOK_SECONDS):
            if self._clock() - tended >= TENDED_EVERY:
                self._tend(sitting)
                tended = self._clock()

    def _tend(self, sitting: Sitting) -> None:
        try:
            sitting.tend()
        except ServiceUnreachable:  # ends nothing here: the service forgets us by itself when it takes too long
            self._reached(False)  # noqa: FBT003 - the one argument of a signal
        else:
            self._reached(True)  # noqa: FBT003 - likewise
