"""A desk's reader, and the hand that puts cards into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk.reader_names import CONTACT, ReaderSource
from readers.connection import CardConnection, CardReader
from readers.virtual import loopback
from readers.virtual.pcscd import CardOnReader, PrivatePcscd
from tests.fixtures.around import ReaderAround
from tests.fixtures.tearing import TornOut, When


class Tray(Protocol):
    """One card at a time."""

    def reader(self) -> CardReader:
        """Where it is."""

    def insert(self, card: Path) -> None:
        """Whatever was there is taken out."""

    def remove(self) -> None:
        """Nothing happens when it is empty."""


class InProcess:
    """A reader in this process."""

    def __init__(self, slot: Path) -> None:
        self._slot = slot

    def reader(self) -> CardReader:
        return loopback.LoopbackReader(self._slot)

    def insert(self, card: Path) -> None:
        loopback.put_on(self._slot, card)

    def remove(self) -> None:
        loopback.take_off(self._slot)


class OnPcscd:
    """A reader of a real pcscd."""

    def __init__(self, pcscd: PrivatePcscd, name: str) -> None:
        self._pcscd, self._name = pcscd, name
        self._source = ReaderSource.of(CONTACT, name, None)
        self._card: CardOnReader | None = None

    def reader(self) -> CardReader:
        return self._source()

    def insert(self, card: Path) -> None:
        self.remove()
        self._card = self._pcscd.put_on(card, reader=self._name)

    def remove(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.take_off()

    def close(self) -> None:
        """At the end of the day."""
        self.remove()
        self._source.__exit__(None, None, None)


@dataclass
class TornReader(ReaderAround):
    """A reader whose next card is torn out at a command."""

    at: int
    when: When

    def through(self, connection: CardConnection) -> CardConnection:
        return TornOut(connection, self.at, self.when)
