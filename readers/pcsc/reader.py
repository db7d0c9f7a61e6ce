"""Real readers: which there are, and one of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Final

from readers.errors import AmbiguousReader, NoSuchReader
from readers.pcsc.codes import PcscCode, check, normalise
from readers.pcsc.connection import PcscConnection
from readers.pcsc.context import Context, pyscard
from readers.pcsc.waiting import CardWaits

_CONTACTLESS_NAMES: Final = re.compile(
    r"contactless|\bNFC\b|\bRFID\b"
    r"|\bPICC\b"  # ACS and Circle: the contactless one of two interfaces
    r"|\bCL\b"  # Identiv, Circle, Feitian, HID
    r"|OMNIKEY 5022\b"  # contactless only, and does not say so
    r"|^Virtual PCD \d\d 01$",  # vpcd's second slot, where we serve the contactless side of virtual cards
    re.IGNORECASE,
)
"""How readers that cards are held to call themselves. PC/SC has no better way to tell; a reader that says nothing of
the kind counts as a contact reader, so name it with ``contactless=True`` if it is not."""

_NO_PROTOCOL: Final = 0


def list_readers() -> list[PcscReader]:
    """All readers that pcscd knows, in its order. Raises PcscUnavailable."""
    with Context() as context:
        code, names = pyscard().SCardListReaders(context.handle, [])
    if normalise(code) == PcscCode.NO_READERS_AVAILABLE:
        return []
    check(code, "list readers")
    return [PcscReader(name) for name in names]


def find_reader(name: str, *, contactless: bool | None = None) -> PcscReader:
    """The reader of this name, or the only one whose name has this in it, whatever the case.

    ``contactless`` overrides what the name says. Raises NoSuchReader, AmbiguousReader, PcscUnavailable.
    """
    names = [reader.name for reader in list_readers()]
    matches = [name] if name in names else [known for known in names if name.casefold() in known.casefold()]
    if len(matches) > 1:
        raise AmbiguousReader(name, tuple(matches))
    if not matches:
        raise NoSuchReader(name, tuple(names))
    return PcscReader(matches[0], contactless=contactless)


def attribute(name: str, identifier: int) -> bytes:
    """An attribute of a reader (PC/SC part 3 §3.1.2), whether or not there is a card. Raises ReaderError.

    It may block while a card holds the reader.
    """
    pcsc = pyscard()
    with Context() as context:
        code, handle, _ = pcsc.SCardConnect(context.handle, name, pcsc.SCARD_SHARE_DIRECT, _NO_PROTOCOL)
        check(code, "reach the reader")
        try:
            code, value = pcsc.SCardGetAttrib(handle, identifier)
            check(code, "read an attribute of the reader")
            return bytes(value)
        finally:
            pcsc.SCardDisconnect(handle, pcsc.SCARD_LEAVE_CARD)


class PcscReader:
    """A reader known by its full name (`readers.connection.CardReader`)."""

    def __init__(self, name: str, *, contactless: bool | None = None) -> None:
        """``contactless`` overrides what the name says."""
        self._name = name
        self._contactless = bool(_CONTACTLESS_NAMES.search(name)) if contactless is None else contactless
        self._waits = CardWaits(name)

    def __repr__(self) -> str:
        return f"<PcscReader {self._name!r}{' contactless' if self._contactless else ''}>"

    @property
    def name(self) -> str:
        """Full name as pcscd gives it."""
        return self._name

    @property
    def contactless(self) -> bool:
        """Whether cards are held to it."""
        return self._contactless

    @contextlib.contextmanager
    def connect(self) -> Iterator[PcscConnection]:
        """Connect to the card that is there, shared with other processes.

        Raises NoCard, CardBusy, CardMute, NoSuchReader, PcscUnavailable.
        """
        connection = self.open()
        try:
            yield connection
        finally:
            connection.close()

    def open(self) -> PcscConnection:
        """The same, for whoever closes it."""
        return PcscConnection.open(self._name, self._waits, contactless=self._contactless)

    def wait_for_card(self, timeout: float | None = None) -> bool:
        """Block until a card is present. Raises NoSuchReader when the reader goes away, PcscUnavailable."""
        return self._waits.for_card(timeout)

    def wait_for_removal(self, timeout: float | None = None) -> bool:
        """Block until the card of now is gone; a card swapped for another in no time counts. Raises PcscUnavailable."""
        return self._waits.for_removal(timeout)

    def cancel(self) -> None:
        """Wake up all who wait."""
        self._waits.cancel()

    def present(self) -> bool:
        """Whether a card is there now."""
        return self.wait_for_card(timeout=0)
