"""The process that works one reader; `worker.SupervisedReader` starts it, asks it, and ends it when it hangs.

A thread reads the requests, so that the process ends when its owner does, even while PC/SC blocks it.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final

from readers import worker_line
from readers.errors import NoCard, ReaderError
from readers.pcsc import PcscConnection, PcscReader
from readers.worker_line import CODE_LENGTH, Order


class _Work:
    """What is open, and how each order is carried out."""

    def __init__(self, reader: PcscReader) -> None:
        self._reader = reader
        self._connection: PcscConnection | None = None
        self._steps: Final[dict[Order, Callable[[bytes], bytes]]] = {
            Order.PROBE: self._probe,
            Order.CONNECT: self._connect,
            Order.TRANSMIT: self._transmit,
            Order.CONTROL: self._control,
            Order.RESET: self._reset,
            Order.BEGIN: self._begin,
            Order.END: self._end,
            Order.DISCONNECT: self._disconnect,
        }

    def carry_out(self, request: bytes) -> bytes:
        try:
            return worker_line.done(self._steps[Order(request[0])](request[1:]))
        except ReaderError as error:
            return worker_line.failed(error)

    @property
    def _card(self) -> PcscConnection:
        if self._connection is None:
            raise NoCard("not connected")
        return self._connection

    def _probe(self, _: bytes) -> bytes:
        with suppress(ReaderError), self._reader.connect():
            pass
        return b""

    def _connect(self, _: bytes) -> bytes:
        self._disconnect(b"")
        self._connection = self._reader.open()
        return self._connection.atr

    def _transmit(self, command: bytes) -> bytes:
        return self._card.transmit(command)

    def _control(self, request: bytes) -> bytes:
        return self._card.control(int.from_bytes(request[:CODE_LENGTH], "big"), request[CODE_LENGTH:])

    def _reset(self, _: bytes) -> bytes:
        self._card.reset()
        return b""

    def _begin(self, _: bytes) -> bytes:
        self._card.begin()
        return b""

    def _end(self, _: bytes) -> bytes:
        self._card.end()
        return b""

    def _disconnect(self, _: bytes) -> bytes:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        return b""


def _listen(line: Connection, requests: queue.SimpleQueue[bytes]) -> None:
    while True:
        try:
            requests.put(line.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)


def main() -> None:
    """Arguments: descriptor of the line, name of the reader."""
    line = Connection(int(sys.argv[1]))
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, requests), daemon=True).start()
    work = _Work(PcscReader(sys.argv[2]))
    line.send_bytes(worker_line.READY)
    while True:
        line.send_bytes(work.carry_out(requests.get()))


if __name__ == "__main__":
    main()
