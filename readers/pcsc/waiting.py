"""Block until a card comes or goes, and be woken up from another thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from readers.errors import NoSuchReader
from readers.pcsc import states
from readers.pcsc.codes import PcscCode, check, normalise
from readers.pcsc.context import Context, pyscard

_INFINITE: Final = 0x7FFFFFFF
_CANCEL_AGAIN: Final = 0.02
"""Seconds."""


class CardWaits:
    """Waits for the card of one reader, in any number of threads."""

    def __init__(self, reader: str) -> None:
        """``reader`` is a full name."""
        self._reader = reader
        self._waits = Waits()

    def for_card(self, timeout: float | None = None) -> bool:
        """Whether a card is present, ``timeout`` seconds from now at last. Raises NoSuchReader, PcscUnavailable."""
        return self._wait(lambda state, _: states.present(state), timeout)

    def for_removal(self, timeout: float | None = None) -> bool:
        """Whether the card of now is gone; swapped for another in no time counts. Raises PcscUnavailable."""
        try:
            return self._wait(states.gone_since, timeout)
        except NoSuchReader:
            return True

    def cancel(self) -> None:
        """Wake up all who wait."""
        self._waits.cancel()

    def _wait(self, arrived: Callable[[int, int], bool], timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        first, known = None, states.UNAWARE
        with Context() as context, self._waits.of(context) as wait:
            while not wait.cancelled:
                asked = [(self._reader, known)]
                code, answers = pyscard().SCardGetStatusChange(context.handle, milliseconds_to(deadline), asked)
                if normalise(code) in (PcscCode.TIMEOUT, PcscCode.CANCELLED):
                    return False
                if normalise(code) == PcscCode.UNKNOWN_READER:
                    raise NoSuchReader(self._reader)
                check(code, "wait for a card")
                known = states.unmarked(answers[0][1])
                if states.unplugged(known):
                    raise NoSuchReader(self._reader)
                first = known if first is None else first
                if arrived(known, first):
                    return True
        return False


def milliseconds_to(deadline: float | None) -> int:
    """From now until this moment of `time.monotonic`; None: for ever."""
    return _INFINITE if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))


class Wait:
    """Somebody who waits in a context of their own."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._over = threading.Event()
        self.cancelled = False

    def finish(self) -> None:
        """Nobody waits any more."""
        self._over.set()

    def cancel(self) -> None:
        """Wake them up."""
        self.cancelled = True
        # A wait that has not quite begun misses SCardCancel: say it until it is heard.
        while not self._over.is_set():
            self._context.cancel()
            self._over.wait(_CANCEL_AGAIN)


class Waits:
    """Who waits now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: set[Wait] = set()

    @contextlib.contextmanager
    def of(self, context: Context) -> Iterator[Wait]:
        """Somebody waits for the time of a ``with`` block."""
        wait = Wait(context)
        with self._lock:
            self._waits.add(wait)
        try:
            yield wait
        finally:
            with self._lock:
                self._waits.discard(wait)
            wait.finish()

    def cancel(self) -> None:
        """Wake up all."""
        with self._lock:
            waits = list(self._waits)
        for wait in waits:
            wait.cancel()
