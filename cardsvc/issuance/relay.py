"""A card that is in a desk's reader, as a `CardConnection` here.

The desk is asked one thing at a time. Whatever it says about the card is believed only as far as signatures go: a
hostile desk could answer in the card's place (see the threat table), it could not have another card's key certified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from cardsvc.issuance.errors import CardFailed, CardRefused, DeskConfused
from cardsvc.wire.relay import Answer, Command, Failure, Hello, Progress, Reset
from readers.errors import (
    CardError,
    CardInconsistent,
    CardMute,
    CardNotAuthenticated,
    CardRemoved,
    CardReset,
    ProtocolError,
    ReaderError,
    ReaderFailed,
)

_FAILURES: Final[dict[str, Callable[[], ReaderError]]] = {
    "card-removed": lambda: CardRemoved("the card was taken out of the desk's reader"),
    "card-reset": lambda: CardReset("the card was reset at the desk"),
    "card-mute": lambda: CardMute("the card at the desk does not answer"),
    "reader-failed": lambda: ReaderFailed(0, "the desk's reader"),
}
"""What each failure is called on this side; made anew each time, since an exception carries its traceback."""


class Desk(Protocol):
    """The desk's end of the conversation."""

    def ask(self, question: Command | Reset) -> Answer | Failure:
        """Send a question, wait for what comes back. Raises DeskGone when the desk hangs up or takes too long."""

    def tell(self, progress: Progress) -> None:
        """Show the clerk how far things are. Raises DeskGone."""


class RelayedConnection:
    """`CardConnection` to a card behind a desk."""

    def __init__(self, desk: Desk, hello: Hello) -> None:
        self._desk = desk
        self._hello = hello
        self._seq = 0

    @property
    def atr(self) -> bytes:
        return self._hello.atr

    @property
    def contactless(self) -> bool:
        return self._hello.contactless

    def transmit(self, command: bytes) -> bytes:
        """Raises CardRemoved, CardReset, CardMute, ReaderFailed, DeskGone, DeskConfused."""
        return self._ask(Command(seq=self._next(), apdu=command))

    def reset(self) -> None:
        """Raises what `transmit` raises."""
        self._ask(Reset(seq=self._next()))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The desk keeps its reader to itself for as long as the relay lasts."""
        yield

    def close(self) -> None:
        """The desk closes its own connection when the relay ends."""

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _ask(self, question: Command | Reset) -> bytes:
        answer = self._desk.ask(question)
        if answer.seq != question.seq:
            raise DeskConfused
        if isinstance(answer, Failure):
            raise _failure(answer)
        return answer.apdu


@contextmanager
def telling_failures() -> Iterator[None]:
    """What goes wrong with the card inside the block, for the clerk. Raises CardRefused, CardFailed."""
    try:
        yield
    except (CardError, CardNotAuthenticated, CardInconsistent, ProtocolError) as error:
        raise CardRefused(error) from error
    except ReaderError as error:
        raise CardFailed(error) from error


def _failure(answer: Failure) -> ReaderError:
    return _FAILURES[answer.error]()
