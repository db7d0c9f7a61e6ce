"""The one narrow seam to a card: send a command, get an answer.

`readers.pcsc` implements it on a real reader, `virtual/loopback.py` in this process, the service on a card relayed
from a desk. Everything else in `readers` works on these protocols.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class CardConnection(Protocol):
    """An open connection to one card."""

    @property
    def atr(self) -> bytes:
        """Answer to reset (for a contactless card the one PC/SC part 3 makes up)."""

    @property
    def contactless(self) -> bool:
        """Whether the card is held to a contactless reader, so that PIN and administration are off limits."""

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU; return data and status word. Raises a ReaderError when the exchange itself fails."""

    def reset(self) -> None:
        """Reset the card: no application selected, nothing verified."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep other processes away from the card for the time of a ``with`` block."""

    def close(self) -> None:
        """End the connection; the card is reset, so that nobody inherits a verified PIN."""


class CardReader(Protocol):
    """A reader that may hold a card."""

    @property
    def name(self) -> str:
        """Full name, for example ``Virtual PCD 00 01``."""

    @property
    def contactless(self) -> bool:
        """Whether cards are held to it rather than put in."""

    def connect(self) -> AbstractContextManager[CardConnection]:
        """Connect to the card that is there; closed at the end of the ``with`` block. Raises NoCard and others."""

    def wait_for_card(self, timeout: float | None = None) -> bool:
        """Block until a card is present (one already there counts). False when ``timeout`` seconds passed."""

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        """Block until no card is present. False when ``timeout`` seconds passed."""

    def cancel(self) -> None:
        """Wake up whoever waits, from another thread; the waits then answer False."""
