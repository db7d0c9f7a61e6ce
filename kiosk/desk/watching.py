"""A reader that citizens' cards are put into: whoever listens hears of each card, and of its going."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from kiosk.desk.equipment import FindsReader
from kiosk.desk.looking import SeenCard, look
from readers.errors import ReaderError

_LOOK_SECONDS: Final = 0.3
"""How soon a request to stop is heard; a card is heard of at once."""

Heard = SeenCard | ReaderError | None
"""A card, why it cannot be looked at or there is no reader, or that there is none any more."""


class CardWatch:
    """Watches one reader in a thread of its own. `stop` before the program ends."""

    def __init__(self, reader: FindsReader, tell: Callable[[Heard], None]) -> None:
        """``tell`` is called in the thread of the watch."""
        self._reader = reader
        self._tell = tell
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="card watch", daemon=True)

    def start(self) -> None:
        """Begin; a card that is there already is told of."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        told: type[ReaderError] | None = None
        while not self._stopped.is_set():
            try:
                self._one_card()
                told = None
            except ReaderError as error:
                if told is not type(error):
                    self._tell(error)
                told = type(error)
                self._stopped.wait(_LOOK_SECONDS)

    def _one_card(self) -> None:
        reader = self._reader()
        if not reader.wait_for_card(_LOOK_SECONDS):
            return
        try:
            self._tell(look(reader))
        except ReaderError as error:
            self._tell(error)
        while not self._stopped.is_set() and not reader.wait_for_removal(_LOOK_SECONDS):
            continue
        self._tell(None)
