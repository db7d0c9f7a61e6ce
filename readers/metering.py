"""Count what goes over a connection: commands, bytes and time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self

from readers.connection import CardConnection


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a connection was used. Subtract an earlier one to get what a step took."""

    apdus: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    seconds: float = 0.0
    """Spent waiting for the card and its reader."""

    def __sub__(self, earlier: Self) -> Self:
        return type(self)(
            self.apdus - earlier.apdus,
            self.bytes_sent - earlier.bytes_sent,
            self.bytes_received - earlier.bytes_received,
            self.seconds - earlier.seconds,
        )


class MeteredConnection:
    """A connection that counts. Every APDU on the wire counts, each link of a chain and each GET RESPONSE too."""

    def __init__(self, connection: CardConnection, clock: Callable[[], float] = time.perf_counter) -> None:
        """``clock`` gives seconds from any start."""
        self._connection = connection
        self._clock = clock
        self.usage = Usage()

    @property
    def apdus(self) -> int:
        """Commands sent."""
        return self.usage.apdus

    @property
    def bytes_sent(self) -> int:
        """Bytes of all commands."""
        return self.usage.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of all answers, status words included."""
        return self.usage.bytes_received

    @property
    def seconds(self) -> float:
        """Time the exchanges took together."""
        return self.usage.seconds

    @property
    def atr(self) -> bytes:
        """As the inner connection says."""
        return self._connection.atr

    @property
    def contactless(self) -> bool:
        """As the inner connection says."""
        return self._connection.contactless

    def transmit(self, command: bytes) -> bytes:
        """Send and count. A command whose exchange fails counts as sent, with no answer."""
        began = self._clock()
        answer = b""
        try:
            answer = self._connection.transmit(command)
        finally:
            self.usage = Usage(
                self.usage.apdus + 1,
                self.usage.bytes_sent + len(command),
                self.usage.bytes_received + len(answer),
                self.usage.seconds + self._clock() - began,
            )
        return answer

    def reset(self) -> None:
        """Reset the card; the counts go on."""
        self._connection.reset()

    def transaction(self) -> AbstractContextManager[None]:
        """As the inner connection does."""
        return self._connection.transaction()

    def close(self) -> None:
        """Close the inner connection; the counts stay."""
        self._connection.close()
