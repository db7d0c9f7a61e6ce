"""A reader worked by a process of its own, under a watchdog: a card that never answers cannot stop anybody else.

PC/SC has no time limits: a mute card blocks SCardTransmit for good, and then also whoever connects next. So the calls
that reach the card are made in a child process. One that takes too long is killed, and a new one is started that tries
to connect; while that hangs too, the reader is stuck, which is said at once and not waited for. It ends when the card
is removed or the reader reset. Waiting for cards touches no card, so it is done in this process.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from readers import worker_line, worker_process
from readers.errors import CardBusy, CardStuck, Outcome, ReaderError, WorkerEnded
from readers.limits import Limits, in_words
from readers.pcsc import PcscReader
from readers.worker_line import Order

_SOURCE: Final = Path(__file__).resolve().parents[1]
_START_SECONDS: Final = 20.0
_END_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 1.0
"""How long a reader that was stuck gets to say that it no longer is: pcscd notices a removal within 0.4 s."""


class ReaderState(StrEnum):
    """What a supervised reader can be used for."""

    FREE = "free"
    STUCK = "stuck"
    """A card holds it that does not answer; take it out or reset the reader."""


class SupervisedReader:
    """A `CardReader` whose card is reached through a process of its own. Use it in a ``with`` block, or `close` it.

    One connection at a time: others wait for it, for as long as an ordinary command may take.
    """

    def __init__(self, name: str, *, contactless: bool | None = None, limits: Limits | None = None) -> None:
        """``contactless`` overrides what the name says. The process is started when it is first needed."""
        self._reader = PcscReader(name, contactless=contactless)
        self._limits = limits or Limits()
        self._turn = threading.Lock()
        self._worker: _Worker | None = None
        self._spare: _Worker | None = None
        """Started and idle: on a busy machine a new process would take longer than a citizen who tries again."""

    @property
    def name(self) -> str:
        return self._reader.name

    @property
    def contactless(self) -> bool:
        return self._reader.contactless

    @property
    def state(self) -> ReaderState:
        """As of now."""
        worker = self._worker
        return ReaderState.STUCK if worker is not None and worker.is_probing(0) else ReaderState.FREE

    @property
    def worker_id(self) -> int | None:
        """Process id of the worker, where there is one."""
        return self._worker.process_id if self._worker else None

    @contextlib.contextmanager
    def connect(self) -> Iterator[SupervisedConnection]:
        """As `PcscReader.connect`; also raises CardStuck and WorkerEnded."""
        if not self._turn.acquire(timeout=self._limits.otherwise):
            raise CardBusy("another part of this program holds the card")
        try:
            connection = SupervisedConnection(self)
            try:
                yield connection
            finally:
                connection.close()
        finally:
            self._turn.release()

    def wait_for_card(self, timeout: float | None = None) -> bool:
        return self._reader.wait_for_card(timeout)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        return self._reader.wait_for_removal(timeout)

    def cancel(self) -> None:
        self._reader.cancel()

    def close(self) -> None:
        """End the process."""
        for worker in (self._worker, self._spare):
            if worker is not None:
                worker.end()
        self._worker = self._spare = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def ready_worker(self) -> _Worker:
        """A process that can be asked. Raises CardStuck."""
        worker = self._worker
        if worker is None or not worker.alive:
            if worker is not None:
                worker.end()
            worker = self._worker = self._next_worker()
        if worker.is_probing(_GRACE_SECONDS):
            raise CardStuck("connect to the card", Outcome.NOT_SENT)
        return worker

    def ask(self, worker: _Worker, order: Order, content: bytes = b"") -> bytes:
        """Ask, and kill the process when the answer does not come in time. Raises CardStuck and what it answers."""
        limit = self._limit(order, content)
        try:
            return worker.ask(order, content, limit)
        except _TooLate:
            self._worker = self._next_worker()
            if order is Order.BEGIN:
                raise CardBusy("another process does not let go of the card") from None
            self._worker.start_probe()
            raise CardStuck(_doing(order, content), _outcome(order)) from None

    def _limit(self, order: Order, content: bytes) -> float:
        match order:
            case Order.TRANSMIT:
                return self._limits.of(content)
            case Order.CONTROL:
                return self._limits.of_request(content[worker_line.CODE_LENGTH :])
        return self._limits.otherwise

    def _next_worker(self) -> _Worker:
        """The spare one, if it lives; and another is started in its place."""
        spare, self._spare = self._spare, None
        if spare is not None and not spare.alive:
            spare.end()
            spare = None
        worker = spare or _Worker(self.name)
        self._spare = _Worker(self.name)
        return worker


class SupervisedConnection:
    """A `CardConnection` through the process of its reader."""

    def __init__(self, reader: SupervisedReader) -> None:
        """Connects. Raises what `SupervisedReader.connect` says."""
        self._reader = reader
        self._worker = reader.ready_worker()
        self._atr = self._ask(Order.CONNECT)
        self._closed = False

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def contactless(self) -> bool:
        return self._reader.contactless

    def transmit(self, command: bytes) -> bytes:
        """As `PcscConnection.transmit`; also raises CardStuck and WorkerEnded."""
        return self._ask(Order.TRANSMIT, command)

    def control(self, code: int, request: bytes) -> bytes:
        """As `PcscConnection.control`; also raises CardStuck and WorkerEnded."""
        return self._ask(Order.CONTROL, code.to_bytes(worker_line.CODE_LENGTH, "big") + request)

    def reset(self) -> None:
        self._ask(Order.RESET)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """As `PcscConnection.transaction`, but waits no longer than an ordinary command may take: then CardBusy."""
        self._ask(Order.BEGIN)
        try:
            yield
        finally:
            with contextlib.suppress(ReaderError):
                self._ask(Order.END)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(ReaderError):
                self._ask(Order.DISCONNECT)

    def _ask(self, order: Order, content: bytes = b"") -> bytes:
        return self._reader.ask(self._worker, order, content)


class _TooLate(Exception):
    """Raised when a worker did not answer in time; it has been killed."""


class _Worker:
    """The child process and the line to it."""

    def __init__(self, name: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                (sys.executable, "-m", worker_process.__name__, str(theirs.fileno()), name),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": os.pathsep.join((str(_SOURCE), os.environ.get("PYTHONPATH", "")))},
            )
        self._line = Connection(ours.detach())
        self._ready = False
        self._probing = False
        self._probe = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._line.closed and self._process.poll() is None

    @property
    def process_id(self) -> int:
        return self._process.pid

    def start_probe(self) -> None:
        """Let it find out when the reader is free again."""
        self._line.send_bytes(bytes((Order.PROBE,)))
        self._probing = True

    def is_probing(self, patience: float) -> bool:
        """Whether the reader is still stuck, after waiting ``patience`` seconds for it not to be."""
        with self._probe:
            try:
                if self._probing and self._has_started() and self._line.poll(patience):
                    self._line.recv_bytes()
                    self._probing = False
            except (EOFError, OSError):
                self._probing = False
            return self._probing

    def ask(self, order: Order, content: bytes, limit: float) -> bytes:
        """Raises _TooLate, WorkerEnded, and what it answers."""
        if self._line.closed:
            raise WorkerEnded(_doing(order, content), Outcome.NOT_SENT)
        try:
            self._has_started()
            self._line.send_bytes(bytes((order,)) + content)
            answer = self._line.recv_bytes() if self._line.poll(limit) else None
        except (EOFError, OSError):
            self.end()
            raise WorkerEnded(_doing(order, content), _outcome(order)) from None
        except BaseException:
            self.end()  # its answer would be taken for that to the next question
            raise
        if answer is None:
            self.end()
            raise _TooLate
        return worker_line.opened(answer)

    def end(self) -> None:
        """Kill it, whatever it does."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def _has_started(self) -> bool:
        if not self._ready and self._line.poll(_START_SECONDS):
            self._ready = self._line.recv_bytes() == worker_line.READY
        return self._ready


def _doing(order: Order, content: bytes) -> str:
    """In words, without anything that could be secret."""
    return in_words(content) if order is Order.TRANSMIT else order.name.lower()


def _outcome(order: Order) -> Outcome:
    return Outcome.UNKNOWN if order in (Order.TRANSMIT, Order.CONTROL) else Outcome.NOT_SENT
