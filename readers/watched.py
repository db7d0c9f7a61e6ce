"""A reader for programs with a person before them: a card that hangs ends in an error, and Ctrl-C ends the program.

Calls are made in threads, of which a hanging one is left behind until the program ends, as it soon will. Programs that
run for years want a process for each reader instead: `readers.worker`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from readers.errors import CardBusy, CardStuck, Outcome, ReaderError
from readers.limits import Limits, in_time, in_words
from readers.pcsc import PcscReader

_Result = TypeVar("_Result")


class WatchedReader:
    """A `CardReader` whose card is given so much time and no more."""

    def __init__(self, reader: PcscReader, limits: Limits | None = None) -> None:
        self._reader = reader
        self._limits = limits or Limits()

    @property
    def name(self) -> str:
        return self._reader.name

    @property
    def contactless(self) -> bool:
        return self._reader.contactless

    @contextlib.contextmanager
    def connect(self) -> Iterator[WatchedConnection]:
        """As `PcscReader.connect`; also raises CardStuck."""
        connection = WatchedConnection(self._reader, self._limits)
        try:
            yield connection
        finally:
            connection.close()

    def wait_for_card(self, timeout: float | None = None) -> bool:
        return in_time(lambda: self._reader.wait_for_card(timeout), None, "wait for a card", Outcome.NOT_SENT)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        return in_time(lambda: self._reader.wait_for_removal(timeout), None, "wait for a card", Outcome.NOT_SENT)

    def cancel(self) -> None:
        self._reader.cancel()


class WatchedConnection:
    """A `CardConnection`. Once its card hangs, nothing more is asked of it."""

    def __init__(self, reader: PcscReader, limits: Limits) -> None:
        """Connects. Raises what `WatchedReader.connect` says."""
        self._limits = limits
        self._stuck = False
        self._card = self._in_time(reader.open, limits.otherwise, "connect to the card", Outcome.NOT_SENT)

    @property
    def atr(self) -> bytes:
        return self._card.atr

    @property
    def contactless(self) -> bool:
        return self._card.contactless

    def transmit(self, command: bytes) -> bytes:
        """As `PcscConnection.transmit`; also raises CardStuck."""
        limit = self._limits.of(command)
        return self._in_time(lambda: self._card.transmit(command), limit, in_words(command), Outcome.UNKNOWN)

    def control(self, code: int, request: bytes) -> bytes:
        """As `PcscConnection.control`; also raises CardStuck."""
        limit = self._limits.of_request(request)
        return self._in_time(lambda: self._card.control(code, request), limit, "ask the reader", Outcome.UNKNOWN)

    def reset(self) -> None:
        self._in_time(self._card.reset, self._limits.otherwise, "reset the card", Outcome.NOT_SENT)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """As `PcscConnection.transaction`, but waits no longer than an ordinary command may take: then CardBusy."""
        try:
            self._in_time(self._card.begin, self._limits.otherwise, "begin a transaction", Outcome.NOT_SENT)
        except CardStuck:
            raise CardBusy("another process does not let go of the card") from None
        try:
            yield
        finally:
            self._finally(self._card.end)

    def close(self) -> None:
        """Never raises."""
        self._finally(self._card.close)

    def _finally(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(ReaderError):
            self._in_time(work, self._limits.otherwise, "let go of the card", Outcome.NOT_SENT)

    def _in_time(self, work: Callable[[], _Result], limit: float, doing: str, outcome: Outcome) -> _Result:
        if self._stuck:
            raise CardStuck(doing, Outcome.NOT_SENT)
        try:
            return in_time(work, limit, doing, outcome)
        except CardStuck:
            self._stuck = True
            raise
