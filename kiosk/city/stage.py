"""Where cards and readers meet: the real PC/SC stack where this machine has it, else in-process readers.

A stage has a contact and a contactless reader, and cards that can be put on and taken off. Every card writes a
journal of the APDUs it sees, so that counts come from the card and not from the program that is being shown.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from readers.connection import CardReader
from readers.errors import PcscUnavailable
from readers.metering import Usage
from readers.pcsc import find_reader
from readers.virtual import loopback
from readers.virtual.journal import read_journal
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, CardOnReader, PrivatePcscd, unavailable_reason


class Transport(StrEnum):
    """How programs reach the cards."""

    PCSC = "pcsc"
    LOOPBACK = "loopback"


class Place(StrEnum):
    """Where a card can be."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"
    SECOND_CONTACT = "second-contact"
    """Another reader with a slot, which a desk has in the contactless one's place."""


@dataclass(frozen=True, slots=True)
class CardFiles:
    """A virtual card: its state, and the journal of what it saw."""

    state: Path
    journal: Path

    @classmethod
    def named(cls, folder: Path, name: str) -> CardFiles:
        """The files of the card ``name``; the card is blank until something is written to it."""
        return cls(folder / f"{name}.card", folder / f"{name}.journal")

    @property
    def usage(self) -> Usage:
        """What the card has seen so far."""
        if not self.journal.exists():
            return Usage()
        seen = read_journal(self.journal)
        return Usage(
            apdus=len(seen),
            bytes_sent=sum(exchange.bytes_in for exchange in seen),
            bytes_received=sum(exchange.bytes_out for exchange in seen),
            seconds=sum(exchange.micros for exchange in seen) / 1e6,
        )


class Stage(Protocol):
    """Two readers and the hands that put cards on them."""

    transport: Transport
    environment: Mapping[str, str]
    """What a process needs in its environment to see the readers."""

    def reader_name(self, place: Place) -> str:
        """How `kiosk run` is told of the reader."""

    def reader(self, place: Place) -> CardReader:
        """The reader, for use in this process."""

    def put_on(self, card: CardFiles, place: Place) -> None:
        """Put the card on the reader; whatever was there is taken off first."""

    def take_off(self, place: Place) -> None:
        """Take away what is on the reader, if anything is."""


class PcscStage:
    """A pcscd of our own with Debian's virtual reader driver."""

    transport = Transport.PCSC

    def __init__(self, pcscd: PrivatePcscd) -> None:
        self._pcscd = pcscd
        self._cards: dict[Place, CardOnReader] = {}
        self.environment = pcscd.environment

    def reader_name(self, place: Place) -> str:
        """The PC/SC reader name."""
        return CONTACT_READER if place is Place.CONTACT else CONTACTLESS_READER

    def reader(self, place: Place) -> CardReader:
        """The reader through pyscard, in this process."""
        return find_reader(self.reader_name(place))

    def put_on(self, card: CardFiles, place: Place) -> None:
        """Start a card process on the reader's port."""
        self.take_off(place)
        self._cards[place] = self._pcscd.put_on(
            card.state,
            contactless=place is Place.CONTACTLESS,
            reader=self.reader_name(place),
            journal=card.journal,
        )

    def take_off(self, place: Place) -> None:
        """End the card process."""
        if place in self._cards:
            self._cards.pop(place).take_off()


class LoopbackStage:
    """Readers whose slots are files, each program with its own software card inside."""

    transport = Transport.LOOPBACK
    environment: Mapping[str, str] = {}

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _slot(self, place: Place) -> Path:
        return self._folder / f"{place}.slot"

    def reader_name(self, place: Place) -> str:
        """``slot:FILE``."""
        return f"slot:{self._slot(place)}"

    def reader(self, place: Place) -> CardReader:
        """The reader, with the card in this process."""
        return loopback.LoopbackReader(self._slot(place), contactless=place is Place.CONTACTLESS)

    def put_on(self, card: CardFiles, place: Place) -> None:
        """Write the card's name into the slot."""
        loopback.put_on(self._slot(place), card.state, journal=card.journal)

    def take_off(self, place: Place) -> None:
        """Empty the slot."""
        loopback.take_off(self._slot(place))


@contextmanager
def open_stage(folder: Path, wanted: Transport | None = None) -> Iterator[Stage]:
    """The real PC/SC stack where it can be had, else the in-process one; ``wanted`` insists on one of them.

    Raises PcscUnavailable when PC/SC is insisted on and cannot be had.
    """
    missing = why_no_pcsc()
    if wanted is Transport.LOOPBACK or (wanted is None and missing):
        yield LoopbackStage(folder)
        return
    if missing:
        raise PcscUnavailable(missing)
    with PrivatePcscd() as pcscd:
        # This process is a client of it too: libpcsclite reads the variable when it first connects.
        os.environ.update(pcscd.environment)
        yield PcscStage(pcscd)


def why_no_pcsc() -> str | None:
    """One sentence on what is missing for real PC/SC, or None."""
    if importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed: it is the extra `pcsc`."
    return unavailable_reason()
