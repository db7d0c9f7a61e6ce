"""The two readers of a kiosk: cards are held to one (level ``tap``) and put into the other (level ``pin``).

Each has a thread that waits for cards and reports what happens. A reader that fails is reported, closed and opened
again, for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import structlog

from kiosk.reasons import reason_for
from kiosk.visit import events
from kiosk.visit.events import Event
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Trouble
from readers.connection import CardReader
from readers.errors import ReaderError

_log = structlog.get_logger()

_LOOK_UP: Final = 1.0
"""Seconds after which a wait looks whether it should stop, should a wake-up have been lost."""
_BACK_OFF: Final = (0.2, 0.5, 1.0, 1.5)
"""Seconds before a failed reader is opened again; the last is repeated."""

Send = Callable[[Event], object]


class CardSide(Protocol):
    """What is done with cards on one reader."""

    trouble: Trouble

    def arrived(self, reader: CardReader) -> None:
        """A card is there."""

    def left(self) -> None:
        """It is gone, or the reader is."""


class TapSide:
    """The contactless reader: a card held to it is tapped, when the kiosk is ready for it."""

    trouble = Trouble.CONTACTLESS_READER

    def __init__(self, tapped: Callable[[CardReader], Event], accepts: Callable[[], bool], send: Send) -> None:
        """``tapped`` says what came of a tap; ``accepts`` says whether one is welcome now."""
        self._tapped = tapped
        self._accepts = accepts
        self._send = send
        self._read = False

    def arrived(self, reader: CardReader) -> None:
        """Tap it."""
        self._read = self._accepts()
        if not self._read:
            return
        self._send(events.CardHeld())
        self._send(_outcome(lambda: self._tapped(reader), events.TapRefused))

    def left(self) -> None:
        """A card may be taken away after the tap: the visit goes on without it."""
        if self._read:
            self._send(events.CardLifted())


class InsertSide:
    """The contact reader: what a card in it does is up to the visit."""

    trouble = Trouble.CONTACT_READER

    def __init__(self, identify: Callable[[CardReader], events.CardInserted], send: Send) -> None:
        self._identify = identify
        self._send = send

    def arrived(self, reader: CardReader) -> None:
        """Say which card it claims to be."""
        self._send(_outcome(lambda: self._identify(reader), events.CardUnreadable))

    def left(self) -> None:
        """Say so at once: it ends a visit at level ``pin``."""
        self._send(events.CardTaken())


class ReaderLoop:
    """The thread of one reader."""

    def __init__(self, open_reader: Callable[[], CardReader], side: CardSide, send: Send) -> None:
        """``open_reader`` finds the reader; it raises ReaderError while there is none."""
        self._open = open_reader
        self._side = side
        self._send = send
        self._stopping = threading.Event()
        self._reader: CardReader | None = None
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"reader-{side.trouble}", daemon=True)

    def start(self) -> None:
        """Begin to wait for cards."""
        self._thread.start()

    def stop(self) -> None:
        """Stop waiting and end the thread."""
        self._stopping.set()
        while self._thread.is_alive():
            if reader := self._reader:
                with suppress(ReaderError):
                    reader.cancel()
            self._thread.join(0.05)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except ReaderError as error:
                self._failed(error)
                self._stopping.wait(_BACK_OFF[min(self._failures, len(_BACK_OFF)) - 1])

    def _watch(self) -> None:
        reader = self._reader = self._open()
        while not self._stopping.is_set():
            present = reader.wait_for_card(_LOOK_UP)
            self._works()
            if present and not self._stopping.is_set():
                self._serve(reader)

    def _serve(self, reader: CardReader) -> None:
        try:
            self._side.arrived(reader)
            while not self._stopping.is_set() and not reader.wait_for_removal(_LOOK_UP):
                pass
        finally:
            self._side.left()

    def _works(self) -> None:
        if self._failures:
            _log.info("reader works again", reader=self._side.trouble)
            self._send(events.TroubleGone(self._side.trouble))
        self._failures = 0

    def _failed(self, error: ReaderError) -> None:
        self._failures += 1
        if self._failures == 1:
            _log.warning("reader failed", reader=self._side.trouble, why=str(error))
        self._send(events.TroubleSeen(self._side.trouble))


def _outcome(work: Callable[[], Event], refused: Callable[[Reason], Event]) -> Event:
    """What ``work`` gives; whatever goes wrong in it becomes a reason on the screen."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the thread of a reader must outlive every card
        why = reason_for(error)
        _log.info("card refused", why=why.code, error=type(error).__name__)
        return refused(why)
