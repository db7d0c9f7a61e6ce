"""Readers by name: ``slot:PATH`` is a reader in this process, anything else the name of a PC/SC reader."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from readers.connection import CardReader
from readers.pcsc import find_reader
from readers.virtual.loopback import LoopbackReader
from readers.worker import SupervisedReader

SLOT: Final = "slot:"


class ReaderSource:
    """Finds one of the kiosk's readers, at once or again later. Use it in a ``with`` block.

    A card on a PC/SC reader is reached through a process of its own: a mute one hangs that process, not the kiosk.
    """

    def __init__(self, name: str, *, contactless: bool) -> None:
        self._name = name
        self._contactless = contactless
        self._lock = threading.Lock()
        self._supervised: SupervisedReader | None = None

    def __call__(self) -> CardReader:
        """The reader. Raises ReaderError while there is none."""
        if self._name.startswith(SLOT):
            return LoopbackReader(Path(self._name.removeprefix(SLOT)), contactless=self._contactless)
        found = find_reader(self._name, contactless=self._contactless)
        with self._lock:
            if self._supervised is None:
                self._supervised = SupervisedReader(found.name, contactless=self._contactless)
            return self._supervised

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            if self._supervised is not None:
                self._supervised.close()
