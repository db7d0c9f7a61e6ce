"""Serves a software card to the virtual reader driver of vsmartcard (vpcd) in a real pcscd.

The protocol: we connect; each message is two bytes of length and that many bytes. One byte from the reader is a control
code; anything longer is a command APDU, and is answered.
Source: https://frankmorgner.github.io/vsmartcard/virtualsmartcard/api.html
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from readers.virtual.card import VirtualCard

CONTACT_PORT: Final = 35_963
CONTACTLESS_PORT: Final = 35_964

_ASKS_FOR_ATR: Final = 4
_RETRY_SECONDS: Final = 0.1
_CONNECT_SECONDS: Final = 2.0
_QUICK_ACKNOWLEDGE: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class Stop:
    """Ends `serve` from a signal handler or another thread."""

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._writing.settimeout(0)

    def set(self) -> None:
        """Ask `serve` to return. May be called from a signal handler, and more than once."""
        try:
            self._writing.send(b"\0")
        except OSError:
            return  # full or closed: it has been asked

    def fileno(self) -> int:
        """Readable once it is set."""
        return self._reading.fileno()

    def wait(self, seconds: float) -> bool:
        """Whether it was set within ``seconds``."""
        return bool(select.select([self], [], [], seconds)[0])

    def close(self) -> None:
        """Close the sockets."""
        self._reading.close()
        self._writing.close()


class ServedCard(Protocol):
    """What a reader needs of a card."""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""

    def transmit(self, command: bytes) -> bytes:
        """Carry out one command APDU."""

    def reset(self) -> None:
        """Power off and on."""


class Whereabouts(StrEnum):
    """Where a card that is served is."""

    WAITING = "waiting"
    """No reader listens."""
    ON_THE_READER = "on-the-reader"


class Gone(Exception):
    """Raised when the reader side closed the connection."""


class Stopped(Exception):
    """Raised when `Stop` was set."""


def serve(
    card: VirtualCard,
    stop: Stop,
    *,
    host: str = "127.0.0.1",
    port: int = CONTACT_PORT,
    tell: Callable[[Whereabouts], None] = lambda _: None,
) -> None:
    """Keep the card on the reader at ``host``:``port`` until ``stop`` is set.

    It waits for a reader that is not there yet, and comes back to one that was restarted; ``tell`` hears of each
    change.
    """
    last = None
    while not stop.wait(0):
        connection = _reach(host, port)
        now = Whereabouts.WAITING if connection is None else Whereabouts.ON_THE_READER
        if now is not last:
            tell(now)
        last = now
        if connection is None:
            stop.wait(_RETRY_SECONDS)
            continue
        with connection:
            try:
                Link(connection, stop).run(card)
            except (Gone, ConnectionError):
                card.reset()
                stop.wait(_RETRY_SECONDS)
            except Stopped:
                return


def _reach(host: str, port: int) -> socket.socket | None:
    try:
        return socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    except OSError:
        return None


class Link:
    """One connection to the reader, seen from the card."""

    def __init__(self, connection: socket.socket, stop: Stop) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._waiting = select.poll()
        self._waiting.register(connection, select.POLLIN)
        self._waiting.register(stop, select.POLLIN)
        self._stop = stop.fileno()

    def run(self, card: ServedCard) -> None:
        """Answer until it is over. Raises Gone, Stopped, ConnectionError."""
        while True:
            message = self._receive()
            if len(message) != 1:
                self.answer(card, message)
            elif message[0] == _ASKS_FOR_ATR:
                self.send(card.atr)
            else:  # power off, power on, reset: whatever it is, the card forgets
                card.reset()

    def answer(self, card: ServedCard, command: bytes) -> None:
        """Send what the card says to a command."""
        self.send(card.transmit(command))

    def send(self, message: bytes) -> None:
        """Send one message."""
        self.send_raw(len(message).to_bytes(2, "big") + message)

    def send_raw(self, raw: bytes) -> None:
        """Send bytes as they are, which may be less or more than a message."""
        self._connection.sendall(raw)

    def say_nothing(self) -> None:
        """Wait without a word, whatever the reader asks for. Raises Gone, Stopped."""
        while True:
            self._exactly(1)

    def pause(self, seconds: float) -> None:
        """Wait without a word for so long. Raises Stopped."""
        if select.select([self._stop], [], [], seconds)[0]:
            raise Stopped

    def _receive(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def _exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            self._acknowledge_at_once()
            if any(descriptor == self._stop for descriptor, _ in self._waiting.poll()):
                raise Stopped
            part = self._connection.recv(count - len(received))
            if not part:
                raise Gone
            received += part
        return received

    def _acknowledge_at_once(self) -> None:
        """The driver sends length and body apart: with delayed acknowledgements every APDU would cost 40 ms.

        The kernel forgets the option, so it is set before each wait.
        """
        if _QUICK_ACKNOWLEDGE is not None:
            self._connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGE, 1)
