"""A reader in this process, for machines without PC/SC.

Its slot is a small file. A card is present while the file exists; it names the card's state file. `put_on` and
`take_off` may be called from any process, and a card taken off in the middle of a session is gone at the next command.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from readers.errors import CardBusy, CardMute, CardRemoved, NoCard
from readers.virtual.card import VirtualCard
from readers.virtual.journal import Journal

_POLL_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 2.0


def put_on(slot: Path, state_file: Path, journal: Path | None = None) -> None:
    """Put the card whose state is in ``state_file`` on the reader; a blank one when there is no such file.

    What the card sees goes to ``journal``, when given. A card already on the reader is taken off by it.
    """
    content = {"state": str(state_file.absolute()), "journal": str(journal.absolute()) if journal else None}
    temporary = slot.with_name(f".{slot.name}.{secrets.token_hex(4)}")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(slot)


def take_off(slot: Path) -> None:
    """Take the card off the reader; it may be empty already."""
    slot.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Inserted:
    """A card on the reader: not another one, nor the same put on again."""

    identity: tuple[int, int, int]
    state_file: Path
    journal: Path | None


def _identity(slot: Path) -> tuple[int, int, int] | None:
    try:
        found = slot.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _inserted(slot: Path) -> _Inserted | None:
    identity = _identity(slot)
    if identity is None:
        return None
    try:
        content = json.loads(slot.read_text(encoding="utf-8"))
        journal = content["journal"]
        return _Inserted(identity, Path(content["state"]), Path(journal) if journal else None)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise CardMute(f"{slot.name} does not say which card is on the reader") from error


class LoopbackConnection:
    """An open connection to the card on a `LoopbackReader`."""

    def __init__(self, card: VirtualCard, still_there: Callable[[], bool]) -> None:
        self._card = card
        self._still_there = still_there
        self._lock = threading.RLock()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    @property
    def contactless(self) -> bool:
        return self._card.contactless

    def transmit(self, command: bytes) -> bytes:
        """One command APDU, or one part of a chain. Raises CardRemoved."""
        with self._lock:
            self._require_card()
            answer = self._card.transmit(command)
            self._require_card()
            return answer

    def reset(self) -> None:
        """Raises CardRemoved."""
        with self._lock:
            self._require_card()
            self._card.reset()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The card is ours alone anyway; this keeps other threads away."""
        with self._lock:
            yield

    def close(self) -> None:
        """Let go of the card."""
        with self._lock:
            self._card.close()

    def _require_card(self) -> None:
        if not self._still_there():
            raise CardRemoved("the card was taken off the reader")


class LoopbackReader:
    """A `CardReader` without hardware."""

    def __init__(self, slot: Path, *, contactless: bool = False, patience: float = _PATIENCE_SECONDS) -> None:
        """A reader whose slot is the file ``slot``; ``patience`` is how long it waits, in seconds, for a busy card."""
        self._slot = slot
        self._contactless = contactless
        self._patience = patience
        self._wake = threading.Condition()
        self._cancellations = 0

    @property
    def name(self) -> str:
        return f"Loopback {self._slot.name}"

    @property
    def contactless(self) -> bool:
        return self._contactless

    @contextmanager
    def connect(self) -> Iterator[LoopbackConnection]:
        """Connect to the card that is there. Raises NoCard, CardBusy (another process has it), CardMute."""
        with ExitStack() as stack:
            inserted = _inserted(self._slot)
            if inserted is None:
                raise NoCard(f"there is no card on {self.name}")
            journal = stack.enter_context(Journal(inserted.journal)) if inserted.journal else None
            card = self._take(inserted, journal)
            connection = LoopbackConnection(card, lambda: _identity(self._slot) == inserted.identity)
            stack.callback(connection.close)
            yield connection

    def wait_for_card(self, timeout: float | None = None) -> bool:
        return self._wait(self._slot.exists, timeout)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        """As the protocol says; a card put on in the place of the one of now counts."""
        first = _identity(self._slot)
        return self._wait(lambda: first is None or _identity(self._slot) != first, timeout)

    def cancel(self) -> None:
        with self._wake:
            self._cancellations += 1
            self._wake.notify_all()

    def _take(self, inserted: _Inserted, journal: Journal | None) -> VirtualCard:
        """Hold the card; whoever had it on another reader a moment ago may need that moment to let go."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return VirtualCard(inserted.state_file, contactless=self._contactless, journal=journal)
            except CardBusy:
                if time.monotonic() >= until:
                    raise
                time.sleep(_POLL_SECONDS)

    def _wait(self, done: Callable[[], bool], timeout: float | None) -> bool:
        until = None if timeout is None else time.monotonic() + timeout
        with self._wake:
            begun = self._cancellations
            while not done():
                left = _POLL_SECONDS if until is None else min(_POLL_SECONDS, until - time.monotonic())
                if left <= 0:
                    return False
                self._wake.wait(left)
                if self._cancellations != begun:
                    return False
        return True
